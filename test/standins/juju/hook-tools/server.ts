/**
 * The model's side of the hook tools' channel: a folder of FIFOs for one running hook. FIFOs are opened for reading and
 * writing and without blocking, so that no thread of the runtime ever waits in `open`.
 */

import { execFile } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SLOTS } from './shell.ts';

export interface HookToolRequest {
  readonly tool: string;
  readonly args: readonly string[];
  /** Working directory of the caller. */
  readonly directory: string;
  /** Undefined when the client has sent none. */
  readonly stdin: string | undefined;
  /** How it came. */
  readonly channel: HookToolChannel;
}

/** One of Juju's two ways to a hook tool: a process, or the socket that such a process would use; or a call of a program in this process. */
export type HookToolChannel = 'executable' | 'socket' | 'function';

export interface HookToolReply {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No answer, ever: whoever asked is about to be killed. */
export const UNANSWERED = Symbol('unanswered');

export type HookToolHandler = (request: HookToolRequest) => Promise<HookToolReply | typeof UNANSWERED>;

export interface HookToolServer {
  /** Removes the channel; whoever still waits is told that the connection is gone. */
  close(): void;
}

const run = promisify(execFile);
/** The shell reads an answer byte by byte, and some shells garble bytes beyond ASCII when they do. */
const SHORT_ANSWER = /^[\x20-\x7e]{1,300}\n$/;

/** Opens a channel in a new folder. Calls go to the handler in the order in which they come. */
export async function serveHookTools(directory: string, handler: HookToolHandler): Promise<HookToolServer> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const slots = Array.from({ length: SLOTS }, (_, slot) => String(slot));
  await run('mkfifo', ['-m', '600', 'calls', ...slots], { cwd: directory });
  const descriptor = openSync(join(directory, 'calls'), constants.O_RDWR | constants.O_NONBLOCK);
  const calls = new Socket({ fd: descriptor, readable: true, writable: false });
  const waiting = new Set<string>();
  let open = true;
  let answers = 0;

  const answer = (slot: string, reply: HookToolReply): void => {
    if (!waiting.delete(slot)) return;
    answers += 1;
    writeAnswer(directory, slot, reply, answers);
  };

  const handle = async (slot: string): Promise<void> => {
    const request = readRequest(directory, slot);
    if (!request || !open) return;
    waiting.add(slot);
    const reply = await handler(request);
    if (reply !== UNANSWERED) answer(slot, reply);
  };

  let partial = '';
  calls.on('data', (chunk: Buffer) => {
    const lines = (partial + chunk.toString('latin1')).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) {
      const [verb, slot] = line.split(' ');
      if (!slot) continue;
      if (verb === 'done') remove(join(directory, `${slot}.lock`));
      else void handle(slot);
    }
  });
  calls.on('error', () => undefined);

  return {
    close() {
      open = false;
      for (const slot of [...waiting]) answer(slot, { code: 1, stdout: '', stderr: 'ERROR connection is shut down\n' });
      calls.destroy();
      // Hook tools outlive a dispatch that was killed, and may be about to write.
      renameSync(directory, `${directory}.closed`);
      rmSync(`${directory}.closed`, { recursive: true, force: true, maxRetries: 10, retryDelay: 5 });
    },
  };
}

function readRequest(directory: string, slot: string): HookToolRequest | undefined {
  const base = join(directory, slot);
  if (!existsSync(`${base}.args`)) return undefined;
  const [cwd = '/', tool = '', ...args] = readFileSync(`${base}.args`, 'utf8').split('\0').slice(0, -1);
  const stdin = existsSync(`${base}.stdin`) ? readFileSync(`${base}.stdin`, 'utf8') : '';
  remove(`${base}.args`);
  remove(`${base}.stdin`);
  return { tool, args, directory: cwd, stdin, channel: 'executable' };
}

function writeAnswer(directory: string, slot: string, reply: HookToolReply, number: number): void {
  const line = answerLine(directory, reply, number);
  try {
    const descriptor = openSync(join(directory, slot), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(descriptor, line);
    closeSync(descriptor);
  } catch {
    // The caller is gone: nobody has the FIFO open for reading.
  }
}

function answerLine(directory: string, { code, stdout, stderr }: HookToolReply, number: number): string {
  if (stdout === '' && stderr === '') return `${code} none\n`;
  if (stderr === '' && SHORT_ANSWER.test(stdout)) return `${code} out ${stdout}`;
  if (stdout === '' && SHORT_ANSWER.test(stderr)) return `${code} err ${stderr}`;
  const base = join(directory, `answer.${number}`);
  writeFileSync(`${base}.out`, stdout);
  writeFileSync(`${base}.err`, stderr);
  return `${code} files ${base}\n`;
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // Never there, or gone with the folder.
  }
}
