/** Credentials for the Kubernetes API that k8sd gives out: the administrator's kubeconfig and bearer tokens. */
import { anything } from './answer.ts';
import type { Call } from './call.ts';
import type { CallOptions } from './k8sd.ts';
import { validate as kubeconfigProblems } from './kubeconfig.schema.json?validator';
import { validate as tokenProblems } from './token.schema.json?validator';

/** A GET with a body: without one k8sd answers 400. */
export async function kubeconfig(call: Call, server: string, options: CallOptions): Promise<string> {
  const answer = await call<{ readonly kubeconfig: string }>(
    { method: 'GET', path: '/1.0/k8sd/kubeconfig', body: { server }, check: kubeconfigProblems },
    options,
  );
  return answer.kubeconfig;
}

/** The same identity gets the same token, so asking twice is harmless. */
export async function createAuthToken(
  call: Call,
  { username, groups }: { username: string; groups: readonly string[] },
  options: CallOptions,
): Promise<string> {
  const { token } = await call<{ readonly token: string }>(
    {
      method: 'POST',
      path: '/1.0/kubernetes/auth/tokens',
      body: { username, groups },
      repeatable: true,
      check: tokenProblems,
    },
    options,
  );
  return token;
}

/** An unknown token counts as revoked. API servers cache the answer of the webhook for about two minutes. */
export async function revokeAuthToken(call: Call, token: string, options: CallOptions): Promise<void> {
  await call({ method: 'DELETE', path: '/1.0/kubernetes/auth/tokens', body: { token }, check: anything }, options);
}
