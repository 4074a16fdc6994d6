/**
 * One process at a time has the model open. What other terminals want meanwhile they ask of it, over a socket in the model's
 * folder: the words of a command and where it was typed go in, lines of output and an exit code come back, as lines of JSON.
 */

import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CommandFailure } from './failure.ts';
import type { Session } from './session.ts';

interface Request {
  readonly words: readonly string[];
  /** Folder that relative paths begin in. */
  readonly cwd: string;
}

type Answer = { readonly out: string } | { readonly err: string } | { readonly code: number };

const socketPath = (directory: string): string => join(directory, 'control.sock');

export interface OtherTerminals {
  /** Takes no more requests, and waits for those that it has. */
  close(): Promise<void>;
}

/** `perform` does what is asked with the model that is open in this process. */
export async function serveOthers(
  session: Session,
  perform: (words: readonly string[], session: Session) => Promise<number>,
): Promise<OtherTerminals> {
  const path = socketPath(session.directory);
  const running = new Set<Promise<void>>();
  const server = createServer((socket) => {
    const done = answer(socket, session, perform);
    running.add(done);
    void done.finally(() => running.delete(done));
  });
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  return {
    async close() {
      server.close();
      while (running.size > 0) await Promise.all(running);
      await rm(path, { force: true });
    },
  };
}

async function answer(
  socket: Socket,
  session: Session,
  perform: (words: readonly string[], session: Session) => Promise<number>,
): Promise<void> {
  const send = (line: Answer): void => {
    if (socket.writable) socket.write(`${JSON.stringify(line)}\n`);
  };
  // Whoever asked may leave; what was begun goes on, as it does on a controller.
  socket.on('error', () => undefined);
  const line = await firstLine(socket);
  if (line === undefined) return;
  const { words, cwd }: Request = JSON.parse(line);
  const code = await perform(words, {
    ...session,
    cwd,
    print: (out) => send({ out }),
    printError: (err) => send({ err }),
  });
  send({ code });
  socket.end();
}

function firstLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: socket });
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
    lines.on('error', () => resolve(undefined));
  });
}

/** The exit code, or undefined when no process has the model open. */
export async function ask(session: Session, words: readonly string[]): Promise<number | undefined> {
  const socket = await connected(socketPath(session.directory));
  if (socket === undefined) return undefined;
  socket.on('error', () => undefined);
  const request: Request = { words, cwd: session.cwd };
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const line of createInterface({ input: socket }).on('error', () => undefined)) {
    const answered: Answer = JSON.parse(line);
    if ('out' in answered) session.print(answered.out);
    else if ('err' in answered) session.printError(answered.err);
    else return answered.code;
  }
  throw new CommandFailure('the process that had the model open has ended');
}

function connected(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('error', () => resolve(undefined));
    socket.once('connect', () => resolve(socket));
  });
}
