/**
 * Hook tools as executables, the only interface to the unit agent that Juju documents. Plain `execFile`: a dispatch makes a
 * handful of calls and has to be short, so nothing is loaded that Node has not loaded already.
 */

import { execFile } from 'node:child_process';
import { createCallLimit } from './call-limit.ts';
import { HookToolFailure, UnusableAnswer } from './errors.ts';
import { type HookToolAnswer, LARGEST_OUTPUT, type Transport } from './transport.ts';

/** Runs each tool from `PATH` of the environment, with a few processes at a time: each has its memory. */
export function createExecTransport(env: NodeJS.ProcessEnv = process.env): Transport {
  const limited = createCallLimit();
  return {
    call: (tool, args, stdin, largestOutput = LARGEST_OUTPUT) =>
      limited(() => execute(tool, args, { env, stdin, largestOutput })),
  };
}

interface Call {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string | undefined;
  readonly largestOutput: number;
}

async function execute(tool: string, args: readonly string[], call: Call): Promise<HookToolAnswer> {
  try {
    return await run(tool, args, call);
  } catch (error) {
    if (reasonOf(error) === TOO_MUCH) throw new UnusableAnswer(`${tool} printed more than ${call.largestOutput} bytes`);
    // Node's own message may show the arguments.
    throw new HookToolFailure(`${tool} could not be run: ${reasonOf(error)}`);
  }
}

/** Node has ended the tool by then. */
const TOO_MUCH = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';

function run(tool: string, args: readonly string[], { env, stdin, largestOutput }: Call): Promise<HookToolAnswer> {
  return new Promise((resolve, reject) => {
    const options = { env, encoding: 'utf8', maxBuffer: largestOutput } as const;
    const child = execFile(tool, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
    // A tool that refuses before it has read everything closes its end; its exit code tells why.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin ?? '');
  });
}

function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'signal' in error && typeof error.signal === 'string' ? `ended by ${error.signal}` : 'unknown';
}
