/**
 * Other programs: an argument vector, never a shell; a small environment of its own, so that nothing of a hook's environment
 * leaks into what outlives it; an end, also for what the program started itself.
 */
import { constants } from 'node:os';
import { delimiter, isAbsolute } from 'node:path';
import type { CommandOptions, CommandResult } from './host.ts';

/** As `timeout(1)` and a shell say it. */
const TIMED_OUT = 124;
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const BY_SIGNAL = 128;

const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', '/snap/bin'];

const KILL_AFTER_MS = 2000;

export type Run = (program: string, args: readonly string[], options: CommandOptions) => Promise<CommandResult>;

/**
 * Gives 124 when it was ended for taking too long, 127 when there is no such program, 128 plus the number of a signal that ended
 * it. A program with a path is taken from under the root; a bare name is looked up there first, then on the machine.
 */
export function commandsUnder(root: string, real: (path: string) => string): Run {
  const folders = PROGRAM_FOLDERS.map(real);
  const path = (root === '/' ? folders : [...folders, process.env['PATH'] ?? '']).join(delimiter);
  return async (program, args, { timeoutMs, input, environment }) => {
    const { execa } = await import('execa');
    const result = await execa(isAbsolute(program) ? real(program) : program, [...args], {
      extendEnv: false,
      env: { PATH: path, HOME: '/root', LANG: 'C.UTF-8', ...environment },
      timeout: timeoutMs,
      forceKillAfterDelay: KILL_AFTER_MS,
      killDescendants: true,
      reject: false,
      stripFinalNewline: false,
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    });
    const { stdout, stderr } = result;
    if (result.timedOut) {
      return { code: TIMED_OUT, stdout, stderr: `${stderr}${program}: ended after ${timeoutMs} ms\n` };
    }
    if (result.exitCode !== undefined) return { code: result.exitCode, stdout, stderr };
    if (result.code === 'ENOENT') return { code: NOT_FOUND, stdout: '', stderr: `${program}: not found\n` };
    if (result.code === 'EACCES') return { code: NOT_EXECUTABLE, stdout: '', stderr: `${program}: not executable\n` };
    if (result.signal !== undefined) return { code: BY_SIGNAL + constants.signals[result.signal], stdout, stderr };
    throw new Error(`${program}: ${result.code ?? 'could not be run'}`);
  };
}
