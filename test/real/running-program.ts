/**
 * One real program as a process: its log, whether it is ready, when and why it ended. It ends with the tests, whatever becomes of them:
 * the kernel kills it when the process that started it dies.
 */

import { spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ProgramName, pathOf } from './programs.ts';

export interface Exit {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** From its start. */
  readonly afterMs: number;
  /** What it said of the reason, in one line. */
  readonly lastWords: string;
}

export interface RunningProgram {
  readonly program: ProgramName;
  readonly pid: number;
  readonly words: readonly string[];
  /** All that it has printed since it was started. */
  log(): string;
  /** Undefined while it runs. */
  readonly exit: Exit | undefined;
  readonly ended: Promise<Exit>;
  /**
   * Asks the probe again and again. @returns milliseconds from the start. Throws when the process ends before, with its last words, or the
   * time is over, with what the probe said last.
   */
  ready(probe: Probe, timeoutMs?: number): Promise<number>;
  /** SIGTERM, and SIGKILL where that is not heeded within half a second. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

/** @returns undefined when it is ready, else what is missing. */
export type Probe = () => Promise<string | undefined>;

export interface StartOptions {
  readonly program: ProgramName;
  readonly words: readonly string[];
  /** Is added to, as a service's log is. */
  readonly logFile: string;
  /** Folder in which it runs. */
  readonly directory?: string;
}

const READY_MS = 60_000;
const PROBE_MS = 50;
/**
 * kube-apiserver would wait a minute for the watches of others to end, etcd seven seconds. The snap has the one killed after five seconds, the
 * other after half a minute; here a test waits for it.
 */
const HEED_MS = 500;
/** Kills a process when its parent dies (util-linux). */
const SETPRIV = '/usr/bin/setpriv';

/** Where the runner wants to hear what was started, one JSON object a line. */
export const JOURNAL = 'K8S_REAL_JOURNAL';

const alive = new Set<number>();
process.once('exit', () => {
  for (const pid of alive) kill(pid, 'SIGKILL');
});

/** Throws only when the program is not there. */
export async function startProgram({ program, words, logFile, directory }: StartOptions): Promise<RunningProgram> {
  const path = pathOf(program);
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const begins = fstatSync(log).size;
  const [command, ...before] = existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'KILL', path] : [path];
  const child = spawn(command, [...before, ...words], {
    stdio: ['ignore', log, log],
    cwd: directory ?? dirname(logFile),
    // What is in the environment of the tests, such as a proxy's address, is none of its business.
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: dirname(logFile) },
  });
  closeSync(log);
  const started = performance.now();
  let exit: Exit | undefined;
  const read = (): string => readFileSync(logFile).subarray(begins).toString('utf8');
  const ended = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      alive.delete(child.pid ?? 0);
      exit = {
        code: code ?? undefined,
        signal: signal ?? undefined,
        afterMs: performance.now() - started,
        lastWords: lastWordsOf(read()),
      };
      resolve(exit);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  alive.add(pid);
  const tell = (event: object): void => {
    const journal = process.env[JOURNAL];
    if (journal !== undefined) appendFileSync(journal, `${JSON.stringify({ program: basename(path), ...event })}\n`);
  };
  tell({ what: 'start' });
  return {
    program,
    pid,
    words,
    log: read,
    get exit() {
      return exit;
    },
    ended,
    ready: async (probe, timeoutMs = READY_MS) => {
      let missing = 'nothing was asked';
      const deadline = performance.now() + timeoutMs;
      while (performance.now() < deadline) {
        if (exit !== undefined) throw new Error(`${program} ended (${exit.code ?? exit.signal}): ${exit.lastWords}`);
        const found = await probe().catch((error: unknown) => (error as Error).message);
        if (found === undefined) {
          const ms = performance.now() - started;
          tell({ what: 'ready', ms: Math.round(ms) });
          return ms;
        }
        missing = found;
        await Promise.race([ended, sleep(PROBE_MS)]);
      }
      throw new Error(`${program} is not ready after ${timeoutMs} ms: ${missing}; ${lastWordsOf(read())}`);
    },
    stop: async (signal = 'SIGTERM') => {
      if (exit === undefined) kill(pid, signal);
      const giveUp = new AbortController();
      const late = sleep(HEED_MS, undefined, { signal: giveUp.signal }).then(
        () => kill(pid, 'SIGKILL'),
        () => {},
      );
      await Promise.race([ended, late.then(() => ended)]);
      giveUp.abort();
      return ended;
    },
  };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/**
 * Why a program ended, as it said itself: the last `err="…"` of a klog line, `Error: …` of cobra, `error` of etcd's JSON; else its last line.
 */
export function lastWordsOf(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  for (const line of lines.toReversed()) {
    const quoted = /\berr="((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    if (quoted !== undefined && /^[EF]\d{4} /.test(line)) return quoted.replace(/\\(.)/g, '$1');
    const plain = /^(?:Error|error): (.*)$/.exec(line)?.[1];
    if (plain !== undefined) return plain;
    const fatal = /^F\d{4} \S+\s+\d+ [^\]]*\] (.*)$/.exec(line)?.[1];
    if (fatal !== undefined) return fatal;
    const json = /"level":"(?:fatal|error|panic)".*?"error":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1];
    if (json !== undefined) return json.replace(/\\(.)/g, '$1');
  }
  return lines.at(-1) ?? '';
}
