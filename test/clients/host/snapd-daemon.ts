/** A Unix socket in a root's /run that answers as snapd does, from what a test scripts; it keeps what it was asked. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryRoot } from './folder.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly size: number;
  readonly sha256: string;
}

export type Answering = (asked: Asked, response: ServerResponse, count: number) => void;

export interface SnapdDaemon {
  readonly root: string;
  readonly asked: readonly Asked[];
  /** The JSON bodies of what was posted. */
  readonly posted: () => readonly unknown[];
  listen(): Promise<void>;
  stop(): Promise<void>;
}

/** Larger bodies are digested and not kept. */
const KEPT_BYTES = 64 * 1024;

/** `early` answers a request that has a body before it was read, or in the middle of it, and closes the connection. */
export async function snapdDaemon(
  answering: Answering,
  { early }: { readonly early?: { when: 'before' | 'within'; answer(response: ServerResponse): void } } = {},
): Promise<SnapdDaemon> {
  const root = await temporaryRoot(['run']);
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  function receive(request: IncomingMessage, response: ServerResponse): void {
    if (early !== undefined) {
      response.shouldKeepAlive = false;
      response.on('finish', () => request.socket.destroy());
      if (early.when === 'before') early.answer(response);
      else request.once('data', () => early.answer(response));
      return;
    }
    const hash = createHash('sha256');
    const kept: Buffer[] = [];
    let size = 0;
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => {
      if (size < KEPT_BYTES) kept.push(chunk);
      size += chunk.length;
      hash.update(chunk);
    });
    request.on('end', () => {
      const one = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        text: Buffer.concat(kept).toString('latin1'),
        size,
        sha256: hash.digest('hex'),
      };
      asked.push(one);
      answering(one, response, asked.length);
    });
  }

  async function listen(): Promise<void> {
    const starting = createServer(receive);
    server = starting;
    if (early?.when === 'before') starting.on('checkContinue', receive);
    starting.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => starting.listen(join(root, 'run/snapd.socket'), resolve));
  }

  async function stop(): Promise<void> {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    const closed = new Promise((resolve) => stopping.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  }

  await listen();
  onTestFinished(stop);
  return {
    root,
    asked,
    posted: () => asked.filter(({ method }) => method === 'POST').map(({ text }) => JSON.parse(text)),
    listen,
    stop,
  };
}

export function sync(response: ServerResponse, result: unknown): void {
  answer(response, 200, { type: 'sync', 'status-code': 200, status: 'OK', result });
}

export function started(response: ServerResponse, change: string): void {
  answer(response, 202, { type: 'async', 'status-code': 202, status: 'Accepted', change, result: null });
}

export function refused(response: ServerResponse, status: number, kind: string | undefined, message: string): void {
  answer(response, status, {
    type: 'error',
    'status-code': status,
    status: 'error',
    result: { message, ...(kind === undefined ? {} : { kind }) },
  });
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}

type Task = readonly [status: string, summary: string];

export function changing(response: ServerResponse, status: string, tasks: readonly Task[], err?: string): void {
  sync(response, {
    id: '7',
    kind: 'install-snap',
    summary: 'Install "k8s" snap',
    status,
    ready: ['Done', 'Error', 'Undone', 'Hold'].includes(status),
    tasks: tasks.map(([taskStatus, summary], id) => ({
      id: String(id),
      kind: 'task',
      summary,
      status: taskStatus,
      progress: { label: '', done: 0, total: 1 },
    })),
    ...(err === undefined ? {} : { err }),
  });
}
