/** Runs a charm's `dispatch` as the unit agent does: no arguments, no input, two pipes that are cut soon after it has ended. */

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './environment.ts';

export interface DispatchExit {
  /** Undefined when a signal ended it, or when it could not be started. */
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** Why it could not be started. */
  readonly startError: string | undefined;
  /** What was printed, the last line ended. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly wallMs: number;
  /** Largest resident set that was seen (`VmHWM`); undefined when not measured. */
  readonly maxRssKb: number | undefined;
}

export interface DispatchProcess {
  readonly pid: number | undefined;
  readonly exit: Promise<DispatchExit>;
  kill(signal: NodeJS.Signals): void;
}

export interface DispatchOptions {
  readonly script: string;
  readonly directory: string;
  readonly environment: Environment;
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void;
  /** Reads the kernel's high-water mark of the process every few milliseconds. */
  readonly measureMemory: boolean;
}

/** How long the agent listens to the pipes after the process has ended. */
const DRAIN_MS = 100;
/** Longer lines come in pieces. */
const LONGEST_LINE = 4096;
const SAMPLE_MS = 5;
const NEWLINE = Buffer.from('\n');

export function startDispatch({
  script,
  directory,
  environment,
  onLine,
  measureMemory,
}: DispatchOptions): DispatchProcess {
  const started = performance.now();
  const child = spawn(script, [], { cwd: directory, env: { ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = collectLines(child.stdout, (line) => onLine('stdout', line));
  const stderr = collectLines(child.stderr, (line) => onLine('stderr', line));
  const memory = measureMemory && child.pid !== undefined ? sampleMemory(child.pid) : undefined;
  const exit = new Promise<Omit<DispatchExit, 'stdout' | 'stderr'>>((resolve) => {
    const end = (code: number | undefined, signal: NodeJS.Signals | undefined, startError?: string): void => {
      resolve({ code, signal, startError, wallMs: performance.now() - started, maxRssKb: memory?.stop() });
    };
    child.once('error', (error) => end(undefined, undefined, startProblem(script, error)));
    child.once('exit', (code, signal) => end(code ?? undefined, signal ?? undefined));
  });
  return {
    pid: child.pid,
    exit: exit.then(async (result) => {
      await Promise.race([Promise.all([stdout.ended, stderr.ended]), sleep(DRAIN_MS)]);
      return { ...result, stdout: stdout.stop(), stderr: stderr.stop() };
    }),
    kill: (signal) => void child.kill(signal),
  };
}

function startProblem(script: string, error: NodeJS.ErrnoException): string {
  const reason =
    error.code === 'EACCES'
      ? 'permission denied'
      : error.code === 'ENOENT'
        ? 'no such file or directory'
        : error.message;
  return `fork/exec ${script}: ${reason}`;
}

interface LineCollector {
  readonly ended: Promise<void>;
  stop(): Buffer;
}

function collectLines(stream: Readable, onLine: (line: string) => void): LineCollector {
  const printed: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  let stopped = false;
  const add = (bytes: Buffer): void => {
    printed.push(bytes);
    onLine(bytes.toString('utf8'));
  };
  stream.on('data', (chunk: Buffer) => {
    if (stopped) return;
    rest = Buffer.concat([rest, chunk]);
    for (let end = lineEnd(rest); end >= 0; end = lineEnd(rest)) {
      const whole = rest[end] === 0x0a;
      add(rest.subarray(0, end));
      if (whole) printed.push(NEWLINE);
      rest = rest.subarray(whole ? end + 1 : end);
    }
  });
  const ended = new Promise<void>((resolve) => {
    stream.once('close', () => resolve());
    stream.once('error', () => resolve());
  });
  return {
    ended,
    stop() {
      if (!stopped && rest.length > 0) {
        add(rest);
        printed.push(NEWLINE);
      }
      stopped = true;
      stream.destroy();
      return Buffer.concat(printed);
    },
  };
}

/** Where the next piece ends: at a newline, or where it gets too long; -1 when there is none yet. */
function lineEnd(bytes: Buffer): number {
  const newline = bytes.indexOf(0x0a);
  if (newline >= 0 && newline <= LONGEST_LINE) return newline;
  return bytes.length >= LONGEST_LINE ? LONGEST_LINE : -1;
}

function sampleMemory(pid: number): { stop(): number | undefined } {
  let largest: number | undefined;
  let running = true;
  const sample = async (): Promise<void> => {
    while (running) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      const mark = /^VmHWM:\s+([0-9]+) kB$/m.exec(status)?.[1];
      if (mark !== undefined) largest = Math.max(largest ?? 0, Number(mark));
      await sleep(SAMPLE_MS);
    }
  };
  void sample();
  return {
    stop() {
      running = false;
      return largest;
    },
  };
}
