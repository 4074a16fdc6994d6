/** Tokens to join a cluster with. A control plane's is bound to its name and given again while unused; a worker's is always new. */
import { anything } from './answer.ts';
import type { Call } from './call.ts';
import { NotFound } from './errors.ts';
import type { CallOptions } from './k8sd.ts';
import { validate as tokenProblems } from './token.schema.json?validator';
import { exactInteger, nanoseconds } from './wire-numbers.ts';

export async function joinToken(
  call: Call,
  { name, worker, ttlSeconds }: { name: string; worker: boolean; ttlSeconds?: number },
  options: CallOptions,
): Promise<string> {
  const life = ttlSeconds === undefined ? {} : { ttl: nanoseconds('ttl', exactInteger('ttl', ttlSeconds, 1) * 1000) };
  const { token } = await call<{ readonly token: string }>(
    { method: 'POST', path: '/1.0/k8sd/cluster/tokens', body: { name, worker, ...life }, check: tokenProblems },
    options,
  );
  return token;
}

export async function deleteJoinToken(call: Call, name: string, options: CallOptions): Promise<void> {
  try {
    await call(
      { method: 'DELETE', path: `/core/1.0/tokens/${encodeURIComponent(name)}`, body: {}, check: anything },
      options,
    );
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
  }
}
