/** One request to snapd over its socket, with a JSON body or a snap file that is sent as it is read from the disk. */
import type { Body } from './snapd-body.ts';

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

/**
 * Far above what snapd says of one snap, or of a service's last lines; a peer that never stops is not snapd. JSON takes up to fourteen times
 * as much memory as text (`[],[],…`), and the heap has 256 MB.
 */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Rejects with `SnapdConnectionFailure`, or with the file's own error when it cannot be read. */
export async function exchangeWithSnapd(
  socketPath: string,
  { method, path, body }: SnapdQuestion,
  timeoutMs: number,
): Promise<SnapdAnswer> {
  const prepared = await bodyOf(body);
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
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) fail(new SnapdConnectionFailure('TOO_LARGE', connected));
      });
      response.on('error', broken);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        request.destroy();
      });
    });
    // A broken connection is told by the request itself; what rejects here is a file that cannot be read.
    prepared.send(request).catch(fail);
  });
}

async function bodyOf(body: SnapdBody | undefined): Promise<Body> {
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
  const { upload } = await import('./snapd-upload.ts');
  return upload(body.fields, body.file);
}
