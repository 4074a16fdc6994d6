/** The certificates that k8sd issues, or is given where it does not hold the authority's key. */

export type Purpose = 'server' | 'client';

export interface Leaf {
  /** k8sd's name, of the fields `apiserver-crt` and `apiserver-key`. */
  readonly name: string;
  readonly authority: string;
  /** What it is used for. Of those that k8sd checks it wants server authentication, whoever uses them. */
  readonly purposes: readonly Purpose[];
  /** DNS name that it must have. */
  readonly host?: (nodeName: string) => string;
}

const BOTH: readonly Purpose[] = ['server', 'client'];
const API_SERVER: Leaf = { name: 'apiserver', authority: 'ca', purposes: ['server'], host: () => 'kubernetes' };
const KUBELET: Leaf = { name: 'kubelet', authority: 'ca', purposes: ['server'], host: (nodeName) => nodeName };
const FRONT_PROXY: Leaf = { name: 'front-proxy-client', authority: 'front-proxy-ca', purposes: BOTH };
/** Of all control planes one and the same; a node that joins has it from k8sd. */
const TO_KUBELETS: Leaf = { name: 'apiserver-kubelet-client', authority: 'client-ca', purposes: BOTH };
const WORKER_CLIENTS: readonly Leaf[] = ['kubelet-client', 'kube-proxy-client'].map(client);
const CLIENTS: readonly Leaf[] = [
  ...['admin-client', 'kube-controller-manager-client', 'kube-scheduler-client'].map(client),
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

function client(name: string): Leaf {
  return { name, authority: 'client-ca', purposes: ['client'] };
}

function ofEtcd(name: string, purposes: readonly Purpose[]): Leaf {
  return { name, authority: 'etcd-ca', purposes };
}
