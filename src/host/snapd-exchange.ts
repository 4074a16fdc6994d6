/** One request to snapd over its socket, with a JSON body or a snap file that is sent as it is read from the disk. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { basename } from 'node:path';

export type SnapdBody =
  | { readonly json: unknown }
  | { readonly fields: Readonly<Record<string, string>>; readonly file: string };

export interface SnapdAnswer {
  readonly status: number;
  readonly text: string;
}

/** There was no whole answer. `sent`: a connection stood, so that snapd may have acted on the request. */
export class SnapdConnectionFailure extends Error {
  override readonly name = 'SnapdConnectionFailure';
  readonly code: string;
  readonly sent: boolean;
  constructor(code: string, sent: boolean) {
    super(code);
    this.code = code;
    this.sent = sent;
  }
}

export interface SnapdQuestion {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: SnapdBody;
}

/** Rejects with `SnapdConnectionFailure`, or with the file's own error when it cannot be read. */
export async function exchangeWithSnapd(
  socketPath: string,
  { method, path, body }: SnapdQuestion,
  timeoutMs: number,
): Promise<SnapdAnswer> {
  const prepared = await prepare(body);
  // Loaded when first used: it is a fifth of the time that a dispatch with nothing to do may take.
  const { request: httpRequest } = await import('node:http');
  return new Promise((resolve, reject) => {
    let connected = false;
    let answering = false;
    const request = httpRequest({
      socketPath,
      method,
      path,
      agent: false,
      headers: { Host: 'localhost', ...prepared.headers },
    });
    const timer = setTimeout(() => fail(new SnapdConnectionFailure('TIMEOUT', connected)), Math.max(1, timeoutMs));
    function fail(error: Error): void {
      clearTimeout(timer);
      reject(error);
      request.destroy();
    }
    const broken = (error: NodeJS.ErrnoException) =>
      fail(new SnapdConnectionFailure(error.code ?? 'ECONNRESET', connected));

    request.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
      }),
    );
    request.on('error', (error) => {
      // snapd may refuse a file before it has read it all; what counts then is its answer.
      if (!answering) broken(error);
    });
    request.on('response', (response) => {
      answering = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', broken);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        request.destroy();
      });
    });
    prepared.send(request).catch((error: NodeJS.ErrnoException) => {
      // A broken connection is told by the request itself; what is left is a file that cannot be read.
      if (error.syscall === 'read' || error.syscall === 'open') fail(error);
    });
  });
}

interface Prepared {
  readonly headers: Readonly<Record<string, string | number>>;
  send(request: ClientRequest): Promise<void>;
}

async function prepare(body: SnapdBody | undefined): Promise<Prepared> {
  if (body === undefined) {
    return {
      headers: {},
      async send(request) {
        request.end();
      },
    };
  }
  if ('json' in body) {
    const text = JSON.stringify(body.json);
    return {
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) },
      async send(request) {
        request.end(text);
      },
    };
  }
  return multipart(body.fields, body.file);
}

/** RFC 7578. The length is known beforehand, so that snapd need not take it in chunks. */
async function multipart(fields: Readonly<Record<string, string>>, file: string): Promise<Prepared> {
  const boundary = `snap-${crypto.randomUUID()}`;
  const { size } = await stat(file);
  const part = (disposition: string, rest: string) =>
    `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n${rest}`;
  const name = basename(file).replaceAll(/["\r\n\\]/g, '_');
  const head = [
    ...Object.entries(fields).map(([field, value]) => part(`name="${field}"`, `\r\n${value}\r\n`)),
    part(`name="snap"; filename="${name}"`, 'Content-Type: application/octet-stream\r\n\r\n'),
  ].join('');
  const tail = `\r\n--${boundary}--\r\n`;
  return {
    headers: {
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': Buffer.byteLength(head) + size + Buffer.byteLength(tail),
    },
    async send(request) {
      request.write(head);
      const { pipeline } = await import('node:stream/promises');
      // `end` bounds what is read: a file that grows meanwhile would break the announced length.
      if (size > 0) await pipeline(createReadStream(file, { end: size - 1 }), request, { end: false });
      request.end(tail);
    },
  };
}
