/**
 * One HTTPS request to the API server. Every request has a time limit and every answer a limit of length, a CA that is an
 * intermediate one is trusted as it stands, and connections are few and keep no process alive: with a key of 2048 bits a handshake costs more than the answer that it is for.
 */
import type { SecureContext } from 'node:tls';
import { KubernetesError } from './errors.ts';
import { tooLarge, unreachable } from './failure.ts';
import type { Identity } from './kubeconfig.ts';

export interface HttpQuestion {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Is given the text of an answer of success piece by piece, as it comes. The answer’s own text is empty then. */
  readonly take?: (piece: string) => void;
  /** Characters of the answer above which it is given up; by default `LONGEST_ANSWER`. For answers that are not kept. */
  readonly most?: number;
  /** Over a connection of its own: asks whoever takes connections now, not whoever took one before. */
  readonly fresh?: true;
  /** Comes to the same when it is sent twice, though it is no GET. */
  readonly repeatable?: true;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** Rejects with `KubernetesError`: `Unreachable` when there is no whole answer, `TooLarge` when it is longer than it may be. */
export type Send = (question: HttpQuestion) => Promise<HttpAnswer>;

/** Requests beyond these wait for one of them. */
const MOST_CONNECTIONS = 1;

/**
 * Characters. The charm has a heap of 256 MB, and any tenant can fill the metadata of his objects: 256 KiB of annotations each
 * (apimachinery, `TotalAnnotationSizeLimitB`). One object is never larger than etcd takes, 1.5 MiB, so that what is asked for in pages
 * can always be asked for in smaller ones.
 */
export const LONGEST_ANSWER = 16 * 1024 * 1024;

export async function sendAs(identity: Identity, timeoutMs: number): Promise<Send> {
  const { Agent, request: httpsRequest } = await import('node:https');
  const connection = {
    secureContext: await secureContextOf(identity),
    ...(identity.serverName === undefined ? {} : { servername: identity.serverName }),
  };
  const once = new Agent({ ...connection, keepAlive: false });
  const shared = new Agent({ ...connection, keepAlive: true, maxSockets: MOST_CONNECTIONS });

  /** What comes to the same may be asked again when the API server has closed a connection that was open for long; nothing else may. */
  return (question) => {
    const repeatable = question.method === 'GET' || question.repeatable;
    if (!repeatable || question.fresh) return ask(question, once);
    return ask(question, shared, () => ask(question, once));
  };

  function ask(
    { method, url, headers, body, take, most = LONGEST_ANSWER }: HttpQuestion,
    agent: InstanceType<typeof Agent>,
    again?: () => Promise<HttpAnswer>,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const asked = `${method} ${new URL(url).pathname}`;
      const timer = setTimeout(() => fail(unreachable(asked, `no answer within ${timeoutMs} ms`)), timeoutMs);
      const request = httpsRequest(url, {
        method,
        agent,
        headers: {
          ...headers,
          ...(identity.token === undefined ? {} : { Authorization: `Bearer ${identity.token}` }),
          ...(body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        },
      });
      let answered = false;
      function fail(error: unknown): void {
        clearTimeout(timer);
        reject(error);
        request.destroy();
      }
      const broken = (error: NodeJS.ErrnoException) => fail(unreachable(asked, error.code ?? 'the connection broke'));

      request.on('error', (error) => {
        if (again === undefined || answered || !request.reusedSocket) return broken(error);
        clearTimeout(timer);
        resolve(again());
      });
      request.on('response', (response) => {
        answered = true;
        const status = response.statusCode ?? 0;
        const pieces: string[] = [];
        const keep = take === undefined || status !== 200 ? (piece: string) => pieces.push(piece) : take;
        let length = 0;
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          length += piece.length;
          if (length > most) return fail(tooLarge(asked, most));
          try {
            keep(piece);
          } catch (error) {
            fail(error);
          }
        });
        response.on('error', broken);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({
            status,
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
            ),
            text: pieces.join(''),
          });
        });
      });
      request.end(body);
    });
  }
}

/** Made once, and before anything is asked: OpenSSL's complaint about a key would otherwise come in the middle of a request. */
async function secureContextOf({ authority, certificate, key }: Identity): Promise<SecureContext> {
  const { createSecureContext } = await import('node:tls');
  try {
    return createSecureContext({
      minVersion: 'TLSv1.2',
      allowPartialTrustChain: true,
      ...(authority === undefined ? {} : { ca: authority }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
    });
  } catch {
    throw new KubernetesError(
      0,
      'BadKubeconfig',
      'the kubeconfig cannot be used: its certificates or key are not valid PEM',
    );
  }
}
