/** A Unix socket that speaks what a test scripts, byte for byte when it must, and keeps what it was asked. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export type Answering = (asked: Asked, response: ServerResponse, count: number) => void;

export interface Daemon {
  readonly socketPath: string;
  readonly asked: readonly Asked[];
  /** How many connections were made, also those that carried no request. */
  readonly connections: () => number;
  listen(): Promise<void>;
  stop(): Promise<void>;
  close(): Promise<void>;
}

export async function httpDaemon(answering: Answering): Promise<Daemon> {
  const asked: Asked[] = [];
  return daemon(asked, () =>
    createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('error', () => undefined);
      request.on('end', () => {
        const one = {
          method: request.method ?? '',
          path: request.url ?? '',
          headers: request.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        };
        asked.push(one);
        answering(one, response, asked.length);
      });
    }),
  );
}

/** What is written to the socket once a request has begun to arrive. */
export async function rawDaemon(speak: (socket: Socket, count: number) => void): Promise<Daemon> {
  let count = 0;
  return daemon([], () =>
    createSocketServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => speak(socket, ++count));
    }),
  );
}

async function daemon(asked: readonly Asked[], make: () => Server): Promise<Daemon> {
  const folder = await mkdtemp(join(tmpdir(), 'kd-'));
  const socketPath = join(folder, 's');
  const sockets = new Set<Socket>();
  let connections = 0;
  let server: Server | undefined;

  async function listen(): Promise<void> {
    server = make();
    server.on('connection', (socket: Socket) => {
      connections += 1;
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server?.listen(socketPath, resolve));
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
  return {
    socketPath,
    asked,
    connections: () => connections,
    listen,
    stop,
    async close() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function succeed(response: ServerResponse, metadata: unknown): void {
  send(response, 200, {
    type: 'sync',
    status: 'Success',
    status_code: 200,
    operation: '',
    error_code: 0,
    error: '',
    metadata,
  });
}

export function refuse(response: ServerResponse, code: number, error: string): void {
  send(response, code, {
    type: 'error',
    status: '',
    status_code: 0,
    operation: '',
    error_code: code,
    error,
    metadata: null,
  });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(body));
}
