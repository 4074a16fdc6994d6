/**
 * One HTTPS request to the API server. `node:https` instead of the client library's own way, for three reasons: an authority that
 * is an intermediate one is trusted as it stands, every request has a time limit, and no connection outlives its request, so
 * that a dispatch ends by itself.
 */
import type { SecureContext } from 'node:tls';
import { KubernetesError } from './errors.ts';
import { badAnswer, unreachable } from './failure.ts';
import type { Identity } from './kubeconfig.ts';

export interface HttpQuestion {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly text: string;
}

/** Rejects with `KubernetesError` `Unreachable` when there is no whole answer. */
export type Send = (question: HttpQuestion) => Promise<HttpAnswer>;

const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

export async function sendAs(identity: Identity, timeoutMs: number): Promise<Send> {
  const { Agent, request: httpsRequest } = await import('node:https');
  const agent = new Agent({
    keepAlive: false,
    secureContext: await secureContextOf(identity),
    ...(identity.serverName === undefined ? {} : { servername: identity.serverName }),
  });
  return ({ method, url, headers, body }) =>
    new Promise((resolve, reject) => {
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
      function fail(error: KubernetesError): void {
        clearTimeout(timer);
        reject(error);
        request.destroy();
      }
      const broken = (error: NodeJS.ErrnoException) => fail(unreachable(asked, error.code ?? 'the connection broke'));

      request.on('error', broken);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          size += chunk.length;
          if (size > MAX_ANSWER_BYTES) fail(badAnswer(asked, response.statusCode ?? 0));
        });
        response.on('error', broken);
        response.on('end', () => {
          clearTimeout(timer);
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [name, String(value)])),
            text: Buffer.concat(chunks).toString('utf8'),
          });
        });
      });
      request.end(body);
    });
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
