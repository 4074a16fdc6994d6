/** The certificates that k8sd issues, or is given where it does not hold the authority's key. */

import type { RequestSubject } from '../relation/wish.ts';

export type Purpose = 'server' | 'client';

export interface Leaf {
  /** k8sd's name, of the fields `apiserver-crt` and `apiserver-key`. */
  readonly name: string;
  readonly authority: string;
  /** What it is used for. Of those that k8sd checks it wants server authentication, whoever uses them. */
  readonly purposes: readonly Purpose[];
  /** DNS name that it must have. */
  readonly host?: (nodeName: string) => string;
  /** By which a server knows a client: k8sd looks at no subject, the API server at nothing else (Kubernetes, PKI certificates and requirements). */
  readonly subject?: (nodeName: string) => Pick<RequestSubject, 'commonName' | 'organization'>;
  /** k8sd has it in its database for ever, and gives it to whoever joins. */
  readonly shared?: true;
}

const BOTH: readonly Purpose[] = ['server', 'client'];
const API_SERVER: Leaf = { name: 'apiserver', authority: 'ca', purposes: ['server'], host: () => 'kubernetes' };
const KUBELET: Leaf = { name: 'kubelet', authority: 'ca', purposes: ['server'], host: (nodeName) => nodeName };
const FRONT_PROXY: Leaf = {
  name: 'front-proxy-client',
  authority: 'front-proxy-ca',
  purposes: BOTH,
  subject: () => ({ commonName: 'front-proxy-client' }),
};
/** Of all control planes one and the same; a node that joins has it from k8sd. */
const TO_KUBELETS: Leaf = {
  ...client('apiserver-kubelet-client', () => ({ organization: 'system:masters' })),
  purposes: BOTH,
  shared: true,
};
const WORKER_CLIENTS: readonly Leaf[] = [
  client('kubelet-client', (node) => ({ commonName: `system:node:${node}`, organization: 'system:nodes' })),
  client('kube-proxy-client', () => ({ commonName: 'system:kube-proxy' })),
];
const CLIENTS: readonly Leaf[] = [
  client('admin-client', () => ({ organization: 'system:masters' })),
  client('kube-controller-manager-client', () => ({ commonName: 'system:kube-controller-manager' })),
  client('kube-scheduler-client', () => ({ commonName: 'system:kube-scheduler' })),
  ...WORKER_CLIENTS,
];
const ETCD_NODE: readonly Leaf[] = [ofEtcd('etcd-server', BOTH), ofEtcd('etcd-peer', BOTH)];

/** Those that may be given in a bootstrap or a join. */
export function leavesOf(birth: 'bootstrap' | 'control-plane' | 'worker', etcd: boolean): readonly Leaf[] {
  if (birth === 'worker') return [KUBELET, ...WORKER_CLIENTS];
  const joining = [API_SERVER, KUBELET, FRONT_PROXY, ...CLIENTS, ...(etcd ? ETCD_NODE : [])];
  return birth === 'control-plane'
    ? joining
    : [...joining, TO_KUBELETS, ...(etcd ? [ofEtcd('etcd-apiserver-client', ['client'])] : [])];
}

/** Those that a running node can be given others of. */
export function exchangeableLeaves(role: 'control-plane' | 'worker'): readonly Leaf[] {
  return role === 'worker' ? leavesOf('worker', false) : leavesOf('bootstrap', false);
}

function client(name: string, subject: NonNullable<Leaf['subject']>): Leaf {
  return { name, authority: 'client-ca', purposes: ['client'], subject };
}

function ofEtcd(name: string, purposes: readonly Purpose[]): Leaf {
  return { name, authority: 'etcd-ca', purposes };
}
