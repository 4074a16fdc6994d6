/**
 * Every place where a node keeps a certificate, which service lives by it, and what becomes of it when it runs out. Those that k8sd
 * reports of itself are only a part: it leaves out etcd's and its own.
 */

import type { Role } from '../../../core/role.ts';
import { type CertificateFile, CONTROL_PLANE_NAMES, certificateFiles, PKI_DIRECTORY } from '../names.ts';

export interface Place extends CertificateFile {
  /** Where its private key lies; undefined when it is embedded beside the certificate (a kubeconfig). */
  readonly keyPath: string | undefined;
  readonly kind: 'leaf' | 'authority' | 'self-signed';
  /** For what its service shows it. */
  readonly uses: readonly Use[];
  /** TCP port at which it is served on the node's address. */
  readonly port: number | undefined;
  /** What can be done before it runs out, as long as k8sd holds the authority's key. */
  readonly renewal: Renewal;
  /** Whether every member of a cluster has it. */
  readonly always: boolean;
}

export type Use = 'server' | 'client';

/**
 * `refresh`: k8sd issues another one. `replace-unit`: it is made when a node joins, and never again. `replace-cluster`: it is made with
 * the cluster. `datastore`: it belongs to a datastore outside of the cluster, which gives a new one.
 */
export type Renewal = 'refresh' | 'replace-unit' | 'replace-cluster' | 'datastore';

const STATE_DIRECTORY = '/var/snap/k8s/common/var/lib/k8sd/state';

/** Names of k8sd's own certificates begin with this. */
export const K8SD_PREFIX = 'k8sd/';

const USES: Readonly<Record<string, readonly Use[]>> = {
  apiserver: ['server'],
  kubelet: ['server'],
  'etcd/server': ['server'],
  'etcd/peer': ['server', 'client'],
};

const PORTS: Readonly<Record<string, number>> = {
  apiserver: 6443,
  kubelet: 10250,
  'etcd/server': 2379,
  [`${K8SD_PREFIX}cluster`]: 6400,
};

export function inventoryPlaces(role: Role): readonly Place[] {
  return PLACES[role];
}

export function placeOf(role: Role, name: string): Place {
  const place = PLACES[role].find((candidate) => candidate.name === name);
  if (place === undefined) throw new Error(`no certificate of a ${role} is called ${name}`);
  return place;
}

/** The daemon's own are signed by themselves: members know each other by them. A worker is served none at 6400. */
const OWN: Readonly<Record<Role, readonly Place[]>> = {
  'control-plane': [ofDaemon('server', 'replace-unit'), ofDaemon('cluster', 'replace-cluster')],
  worker: [ofDaemon('server', 'replace-unit')],
};

const EXTERNAL_CLIENT: Place = {
  ...leaf({
    name: 'etcd/client',
    path: `${PKI_DIRECTORY}/etcd/client.crt`,
    authority: 'etcd/ca',
    services: ['kube-apiserver'],
  }),
  renewal: 'datastore',
};

const PLACES: Readonly<Record<Role, readonly Place[]>> = {
  'control-plane': [...certificateFiles('control-plane').map(leaf), EXTERNAL_CLIENT, ...OWN['control-plane']],
  worker: [...certificateFiles('worker').map(leaf), ...OWN.worker],
};

function leaf(file: CertificateFile): Place {
  const authority = file.authority === undefined;
  return {
    ...file,
    keyPath: file.path.endsWith('.conf') ? undefined : file.path.replace(/\.crt$/, '.key'),
    kind: authority ? 'authority' : 'leaf',
    uses: authority ? [] : (USES[file.name] ?? ['client']),
    port: PORTS[file.name],
    renewal: renewalOf(file),
    always: !file.name.includes('etcd'),
  };
}

/** k8sd cannot replace a CA, nor issue for etcd once a node has joined: the key of etcd's authority never leaves its database. */
function renewalOf({ name, authority }: CertificateFile): Renewal {
  if (CONTROL_PLANE_NAMES.includes(name)) return 'refresh';
  return authority === 'etcd/ca' && name !== 'apiserver-etcd-client' ? 'replace-unit' : 'replace-cluster';
}

function ofDaemon(name: string, renewal: Renewal): Place {
  return {
    name: `${K8SD_PREFIX}${name}`,
    path: `${STATE_DIRECTORY}/${name}.crt`,
    keyPath: `${STATE_DIRECTORY}/${name}.key`,
    authority: undefined,
    services: ['k8sd'],
    kind: 'self-signed',
    uses: ['server'],
    port: PORTS[`${K8SD_PREFIX}${name}`],
    renewal,
    always: false,
  };
}
