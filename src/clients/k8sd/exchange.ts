/**
 * One HTTP request over the daemon's socket. k8sd re-executes itself after a failed bootstrap or join, so every request has a
 * connection of its own; and `GET kubeconfig` has a body, which `fetch` refuses to send, so it is `node:http`.
 */

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** JSON text. */
  readonly body?: string;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** There was no whole answer. */
export class ConnectionFailure extends Error {
  override readonly name = 'ConnectionFailure';
  /** The system's word (`ENOENT`, `ECONNREFUSED`, `ECONNRESET`), `TIMEOUT` or `TOO_LARGE`. */
  readonly code: string;
  /** Whether a connection stood, so that the daemon may have acted on the request. */
  readonly sent: boolean;
  constructor(code: string, sent: boolean) {
    super(code);
    this.code = code;
    this.sent = sent;
  }
}

/**
 * Far above what the largest cluster answers; a peer that never stops is not k8sd. What is read with `parseJson` takes up to fifty times as
 * much memory as its text (`[{},{},…]`), and the heap has 256 MB.
 */
const MAX_ANSWER_BYTES = 2 * 1024 * 1024;

/** Rejects with `ConnectionFailure` only. `timeoutMs` is for the whole exchange. */
export async function exchange(
  socketPath: string,
  { method, path, body }: Exchange,
  timeoutMs: number,
): Promise<RawAnswer> {
  // Loaded when first used: it is a fifth of the time that a dispatch with nothing to do may take.
  const { request: httpRequest } = await import('node:http');
  return new Promise((resolve, reject) => {
    let connected = false;
    const request = httpRequest({
      socketPath,
      method,
      path,
      agent: false,
      headers: {
        Host: 'k8sd',
        Accept: 'application/json',
        ...(body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
      },
    });
    const timer = setTimeout(() => fail('TIMEOUT'), Math.max(1, timeoutMs));

    function fail(code: string): void {
      clearTimeout(timer);
      reject(new ConnectionFailure(code, connected));
      request.destroy();
    }

    request.on('socket', (socket) =>
      socket.once('connect', () => {
        connected = true;
      }),
    );
    request.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNRESET'));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) fail('TOO_LARGE');
      });
      response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'ECONNRESET'));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
      });
    });
    request.end(body);
  });
}
