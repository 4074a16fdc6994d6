/** The Kubernetes door, opened with a kubeconfig. */
import { decide } from './approval.ts';
import {
  certificateRequest,
  certificateRequests,
  createCertificateRequest,
  deleteCertificateRequest,
} from './certificate-requests.ts';
import { openClient } from './client.ts';
import { kinds, serverVersion } from './discovery.ts';
import { KubernetesError } from './errors.ts';
import { identityOf } from './kubeconfig.ts';
import type { Kubernetes } from './kubernetes.ts';
import { giveBackLease, takeLease } from './leases.ts';
import { list } from './lists.ts';
import { metrics } from './metrics.ts';
import { labelNode, node, nodes } from './nodes.ts';
import { pods } from './pods.ts';
import { rewriteSecret, secretPage } from './stored-secrets.ts';
import { type Send, sendAs } from './transport.ts';

export interface OpenKubernetesOptions {
  /** For each request. */
  readonly timeoutMs: number;
}

/**
 * Connects to nothing yet. `kubeconfig` is its text. Rejects with `KubernetesError` when the text cannot be used; so does every call,
 * with the reason `Unreachable` when nothing answers in time.
 */
export async function openKubernetes(kubeconfig: string, { timeoutMs }: OpenKubernetesOptions): Promise<Kubernetes> {
  const identity = await identityOf(kubeconfig);
  const send = await sendAs(identity, timeoutMs);
  const client = await openClient(identity.server, send);
  return {
    ready: () => ready(identity.server, send),
    version: () => serverVersion(identity.server, send),
    kinds: () => kinds(identity.server, send),
    list: (query, gather) => list(identity.server, send, query, gather),
    node: (name) => node(client, name),
    nodes: () => nodes(client),
    labelNode: (name, labels) => labelNode(client, name, labels),
    pods: (namespace) => pods(client, namespace),
    certificateRequest: (name) => certificateRequest(client, name),
    certificateRequests: () => certificateRequests(client),
    createCertificateRequest: (request) => createCertificateRequest(client, request),
    approve: (name, decision) => decide(client, name, 'Approved', decision),
    deny: (name, decision) => decide(client, name, 'Denied', decision),
    deleteCertificateRequest: (name) => deleteCertificateRequest(client, name),
    takeLease: (claim) => takeLease(client, claim),
    giveBackLease: (lease) => giveBackLease(client, lease),
    metrics: (names) => metrics(identity.server, send, names),
    secretPage: (page) => secretPage(identity.server, send, page),
    rewriteSecret: (secret) => rewriteSecret(identity.server, send, secret),
  };
}

async function ready(server: URL, send: Send): Promise<boolean> {
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
