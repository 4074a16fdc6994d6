/**
 * Hook tools as executables, the only interface to the unit agent that Juju documents. Plain `execFile`: a dispatch makes a
 * handful of calls and has to be short, so nothing is loaded that Node has not loaded already.
 */

import { execFile } from 'node:child_process';
import { HookToolFailure, UnusableAnswer } from './errors.ts';
import type { HookToolAnswer, Transport } from './transport.ts';

/** Bytes, where the caller does not say. Node's default of 1 MiB would cut the unit state off, of which Juju keeps 2 MiB. */
const LARGEST_OUTPUT = 24 * 1024 * 1024;

/** The agent runs one tool at a time; more processes than this would only wait for it, each with its memory. */
const PROCESSES_AT_ONCE = 4;

/** Runs each tool from `PATH` of the environment, with a few processes at a time. */
export function createExecTransport(env: NodeJS.ProcessEnv = process.env): Transport {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async (): Promise<void> => {
    if (running < PROCESSES_AT_ONCE) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };

  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return {
    async call(tool, args, stdin, largestOutput = LARGEST_OUTPUT) {
      await enter();
      try {
        return await execute(tool, args, { env, stdin, largestOutput });
      } finally {
        leave();
      }
    },
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
