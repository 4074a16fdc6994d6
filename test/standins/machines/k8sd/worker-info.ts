/** `POST k8sd/worker/info`: what a joining worker learns from a control plane, with certificates made for it. */

import { at } from '../json.ts';
import { typeOf } from '../kubernetes/resources.ts';
import type { NodeMachine } from '../node/machine.ts';
import { issueLeaf, type Pair, publicKeyOf, type Subject } from '../pki/issue.ts';
import { fromNow, yearsFrom } from '../pki/lifetime.ts';
import type { ClusterState } from '../state.ts';
import { decodeBody, text } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { cleanHostname } from './names.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';
import { workerInfoShape } from './shapes.ts';
import { unreachable } from './tokens.ts';

const YEARS = 10;

export interface WorkerInfo {
  readonly ca: string;
  readonly 'client-ca': string;
  readonly apiServers: readonly string[];
  readonly kubeletClientCert: string;
  readonly kubeletClientKey: string;
  readonly kubeProxyClientCert: string;
  readonly kubeProxyClientKey: string;
  readonly podCIDR: string;
  readonly serviceCIDR: string;
  readonly clusterDNS: string;
  readonly clusterDomain: string;
  readonly cloudProvider: string;
  readonly kubeletCrt: string;
  readonly kubeletKey: string;
  readonly k8sdPublicKey: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly 'kube-proxy-enabled': boolean;
}

export async function workerInfo({ machine, exchange }: Call): Promise<Reply> {
  const name = header(exchange.headers['worker-name']);
  const secret = header(exchange.headers['worker-token']);
  const request = decodeBody(exchange.body, workerInfoShape);
  return { metadata: await giveWorkerInfo(machine, cleanHostname(name), secret, text(request, 'address')) };
}

/** Takes the token out of use. Throws 401 for a token that is not valid for the name, 400 when the node exists. */
export async function giveWorkerInfo(
  machine: NodeMachine,
  name: string,
  secret: string,
  address: string,
): Promise<WorkerInfo> {
  const cluster = clusterOf(machine);
  const token = cluster.workerTokens.find(
    (candidate) => candidate.secret === secret && (candidate.name === '' || candidate.name === name),
  );
  if (token === undefined || token.expiresAtMs <= machine.site.now()) throw new K8sdRefusal(401, 'invalid token');
  const api = machine.site.api(cluster.id);
  if (!api.reachable())
    throw new K8sdRefusal(
      400,
      `failed to check whether node name is available: ${unreachable(machine.address, cluster)}`,
    );
  if ((await machine.site.objects(cluster.id).find(typeOf('nodes'), '', name)) !== undefined)
    throw new K8sdRefusal(400, 'a node with this name is already part of the cluster');
  const info = await makeInfo(machine, cluster, name, address);
  cluster.workerTokens = cluster.workerTokens.filter((candidate) => candidate !== token);
  return info;
}

async function makeInfo(
  machine: NodeMachine,
  cluster: ClusterState,
  name: string,
  address: string,
): Promise<WorkerInfo> {
  const { keys } = machine.site;
  const server: Pair = { certificate: cluster.pems['ca-crt'] ?? '', key: cluster.pems['ca-key'] ?? '' };
  const client = clientAuthority(cluster);
  const node: Subject = { commonName: `system:node:${name}`, organizations: ['system:nodes'] };
  const [serving, kubelet, proxy] = await Promise.all([
    pair(keys, server, node, [name, '127.0.0.1', '::1', address]),
    pair(keys, client, node, []),
    pair(keys, client, { commonName: 'system:kube-proxy' }, []),
  ]);
  return {
    ca: server.certificate,
    'client-ca': client.certificate,
    apiServers: cluster.members.map((member) => `${member.address.split(':')[0]}:${cluster.securePort}`),
    kubeletClientCert: kubelet.certificate,
    kubeletClientKey: kubelet.key,
    kubeProxyClientCert: proxy.certificate,
    kubeProxyClientKey: proxy.key,
    podCIDR: cluster.podCidr,
    serviceCIDR: cluster.serviceCidr,
    clusterDNS: String(at(cluster.config, 'dns', 'service-ip') ?? ''),
    clusterDomain: String(at(cluster.config, 'dns', 'cluster-domain') ?? ''),
    cloudProvider: String(cluster.config['cloud-provider'] ?? ''),
    kubeletCrt: serving.certificate,
    kubeletKey: serving.key,
    k8sdPublicKey: cluster.k8sdPublicKey,
    annotations: (cluster.config['annotations'] ?? {}) as Record<string, string>,
    'kube-proxy-enabled': at(cluster.config, 'network', 'kube-proxy-enabled') !== false,
  };
}

/** Nothing where the CA's key is not held. */
async function pair(
  keys: NodeMachine['site']['keys'],
  issuer: Pair,
  subject: Subject,
  sans: readonly string[],
): Promise<Pair> {
  if (issuer.key === '') return { certificate: '', key: '' };
  const key = await keys.draw();
  const validity = fromNow((start) => yearsFrom(start, YEARS));
  return { certificate: await issueLeaf({ subject, publicKey: publicKeyOf(key), issuer, sans, validity }), key };
}

/** Where no key of a client CA is held, k8sd falls back to the server CA's: clusters of old had only one. */
export function clientAuthority(cluster: ClusterState): Pair {
  return {
    certificate: cluster.pems['client-ca-crt'] || (cluster.pems['ca-crt'] ?? ''),
    key: cluster.pems['client-ca-key'] || (cluster.pems['ca-key'] ?? ''),
  };
}

function header(value: string | string[] | undefined): string {
  return typeof value === 'string' ? value : '';
}
