/** Runs a charm's program in the test's own process, confined as if it had one of its own: it can be killed, and has to end. */

import { setImmediate as turn } from 'node:timers/promises';
import { confine, unconfined, whileAlive } from './confinement.ts';
import type { DispatchExit, DispatchProcess } from './dispatch-process.ts';
import type { Environment } from './environment.ts';
import { type HookToolHandler, type HookToolReply, UNANSWERED } from './hook-tools/server.ts';

/** What `dispatch` of the charm starts, as a function: an environment in, an exit code out. */
export type Program = (start: ProgramStart) => Promise<number>;

export interface ProgramStart {
  readonly environment: Environment;
  /** Calls a hook tool as its executable does. Never resolves when the dispatch is ended at that call. */
  hookTool(tool: string, args: readonly string[], stdin: string | undefined): Promise<HookToolReply>;
}

export interface InProcessOptions {
  readonly program: Program;
  readonly environment: Environment;
  readonly directory: string;
  readonly serve: HookToolHandler;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
  /** Told when the program does what no process could: it goes on after its end, or does not end within the time. */
  readonly onFault: (problem: string) => void;
  /** Milliseconds; by default beyond every wait of a charm. */
  readonly longestMs?: number;
}

const LONGEST_MS = 180_000;

export function startDispatchInProcess(options: InProcessOptions): DispatchProcess {
  const { program, environment, directory, serve, onLine, onFault, longestMs = LONGEST_MS } = options;
  const started = performance.now();
  const confinement = confine();
  const killed = Promise.withResolvers<Ending>();
  /** It has ended in whatever way. */
  let over = false;
  /** It has come to its own end: one that was killed may still be on its way to a call, which then leads nowhere. */
  let returned = false;

  const hookTool: ProgramStart['hookTool'] = async (tool, args, stdin) => {
    if (returned) onFault(`calls ${tool} after its end`);
    return whileAlive(() => {
      const request = {
        tool,
        args,
        directory,
        stdin: args.includes('-') ? (stdin ?? '') : '',
        channel: 'function',
      } as const;
      const served = unconfined(() => serve(request));
      return served.then((reply) => (reply === UNANSWERED ? new Promise<never>(() => undefined) : reply));
    });
  };

  const kill = (signal: NodeJS.Signals): void => {
    if (over) return;
    over = true;
    confinement.kill();
    killed.resolve({ code: undefined, signal });
  };

  const run = async (): Promise<Ending> => {
    // Whoever started it knows how to end it by then.
    await turn();
    try {
      return { code: await program({ environment: { ...environment }, hookTool }), signal: undefined };
    } catch (error) {
      for (const line of (error instanceof Error ? (error.stack ?? error.message) : String(error)).split('\n'))
        onLine('stderr', line);
      return { code: 1, signal: undefined };
    }
  };

  const limit = setTimeout(() => {
    onFault(`has not ended within ${longestMs / 1000} s`);
    kill('SIGKILL');
  }, longestMs);

  const exit = async (): Promise<DispatchExit> => {
    const ending = await Promise.race([confinement.run(run), killed.promise]);
    over = true;
    returned = ending.signal === undefined;
    clearTimeout(limit);
    confinement.end();
    // The other ends of its connections hear that they are closed before anything else happens.
    for (let turns = 0; turns < 2; turns += 1) await turn();
    const printed = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    return { ...ending, ...printed, startError: undefined, wallMs: performance.now() - started, maxRssKb: undefined };
  };

  return { pid: undefined, exit: exit(), kill };
}

type Ending = Pick<DispatchExit, 'code' | 'signal'>;
