/** The Kubernetes client, opened with a kubeconfig. */
import { CLOCK, type Clock } from '../../time/clock.ts';
import { decide } from './approval.ts';
import { certificateRequest, createCertificateRequest, deleteCertificateRequest } from './certificate-requests.ts';
import { kinds, serverVersion } from './discovery.ts';
import { KubernetesError } from './errors.ts';
import type { Client } from './json.ts';
import { identityOf } from './kubeconfig.ts';
import type { Kubernetes } from './kubernetes.ts';
import { giveBackLease, leaseState, takeLease } from './leases.ts';
import { list } from './lists.ts';
import { metrics } from './metrics.ts';
import { labelNode, node, nodes } from './nodes.ts';
import { unreadyPods } from './pods.ts';
import { rewriteSecret, secretPage, storedSecret } from './stored-secrets.ts';
import { sendAs } from './transport.ts';

export interface OpenKubernetesOptions {
  /** For each request. */
  readonly timeoutMs: number;
  readonly clock?: Clock;
}

/**
 * Connects to nothing yet. `kubeconfig` is its text. Rejects with `KubernetesError` when the text cannot be used; so does every call,
 * with the reason `Unreachable` when nothing answers in time.
 */
export async function openKubernetes(
  kubeconfig: string,
  { timeoutMs, clock = CLOCK }: OpenKubernetesOptions,
): Promise<Kubernetes> {
  const identity = await identityOf(kubeconfig);
  const send = await sendAs(identity, timeoutMs);
  const client = { server: identity.server, send };
  return {
    ready: () => ready(client),
    version: () => serverVersion(client),
    kinds: () => kinds(client),
    list: (query, gather) => list(client, query, gather),
    node: (name) => node(client, name),
    nodes: () => nodes(client),
    labelNode: (name, labels) => labelNode(client, name, labels),
    unreadyPods: (namespace) => unreadyPods(client, namespace),
    certificateRequest: (name) => certificateRequest(client, name),
    createCertificateRequest: (request) => createCertificateRequest(client, request),
    approve: (name, decision) => decide(client, clock, name, 'Approved', decision),
    deny: (name, decision) => decide(client, clock, name, 'Denied', decision),
    deleteCertificateRequest: (name) => deleteCertificateRequest(client, name),
    takeLease: (claim) => takeLease(client, claim),
    leaseState: (lease) => leaseState(client, lease),
    giveBackLease: (lease) => giveBackLease(client, lease),
    metrics: (names) => metrics(client, names),
    secretPage: (page) => secretPage(client, page),
    storedSecret: (name) => storedSecret(client, name),
    rewriteSecret: (secret) => rewriteSecret(client, secret),
  };
}

async function ready({ server, send }: Client): Promise<boolean> {
  try {
    const { status, text } = await send({
      method: 'GET',
      url: new URL('/readyz', server).href,
      headers: {},
      fresh: true,
    });
    return status === 200 && text.trim() === 'ok';
  } catch (error) {
    if (error instanceof KubernetesError) return false;
    throw error;
  }
}
