/**
 * Clients with which nothing can be changed: for an action that only looks. What looking would remember is dropped, and a change that is
 * tried all the same is a bug, which ends the action.
 */

import type { Files, Host, Snapd, Sysctl } from '../clients/host/host.ts';
import type { Juju, Relations, Secrets } from '../clients/juju/juju.ts';
import type { K8sd } from '../clients/k8sd/k8sd.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../core/clients.ts';

const [LOOKS, CHANGES] = ['looks', 'changes'] as const;
/** Every method is named, so that a new one cannot be forgotten here. */
type Doing<T> = Readonly<Record<keyof T, 'looks' | 'changes'>>;

const FILES: Doing<Files> = {
  read: LOOKS,
  status: LOOKS,
  list: LOOKS,
  tree: LOOKS,
  freeSpace: LOOKS,
  real: LOOKS,
  write: CHANGES,
  remove: CHANGES,
  makeDirectory: CHANGES,
  setMode: CHANGES,
  setOwner: CHANGES,
};
const SNAPD: Doing<Snapd> = {
  snap: LOOKS,
  published: LOOKS,
  services: LOOKS,
  log: LOOKS,
  install: CHANGES,
  installFile: CHANGES,
  refresh: CHANGES,
  switchChannel: CHANGES,
  revert: CHANGES,
  hold: CHANGES,
  unhold: CHANGES,
  remove: CHANGES,
  start: CHANGES,
  stop: CHANGES,
  restart: CHANGES,
};
const SYSCTL: Doing<Sysctl> = {
  read: LOOKS,
  write: CHANGES,
};
const RELATIONS: Doing<Relations> = {
  ids: LOOKS,
  units: LOOKS,
  application: LOOKS,
  unitBag: LOOKS,
  applicationBag: LOOKS,
  remoteBags: LOOKS,
  unusable: LOOKS,
  setUnit: CHANGES,
  setApplication: CHANGES,
};
const SECRETS: Doing<Secrets> = {
  get: LOOKS,
  info: LOOKS,
  ids: LOOKS,
  add: CHANGES,
  set: CHANGES,
  grant: CHANGES,
  revoke: CHANGES,
  remove: CHANGES,
};
const K8SD: Doing<K8sd> = {
  ready: LOOKS,
  waitUntilReady: LOOKS,
  node: LOOKS,
  members: LOOKS,
  clusterStatus: LOOKS,
  clusterConfig: LOOKS,
  certificatesStatus: LOOKS,
  bootstrap: CHANGES,
  join: CHANGES,
  joinToken: CHANGES,
  deleteJoinToken: CHANGES,
  removeNode: CHANGES,
  setClusterConfig: CHANGES,
  planRefresh: CHANGES,
  refreshCertificates: CHANGES,
  updateCertificates: CHANGES,
  kubeconfig: CHANGES,
  createAuthToken: CHANGES,
  revokeAuthToken: CHANGES,
};
const KUBERNETES: Doing<Kubernetes> = {
  ready: LOOKS,
  version: LOOKS,
  kinds: LOOKS,
  list: LOOKS,
  node: LOOKS,
  nodes: LOOKS,
  unreadyPods: LOOKS,
  certificateRequest: LOOKS,
  metrics: LOOKS,
  secretPage: LOOKS,
  storedSecret: LOOKS,
  labelNode: CHANGES,
  createCertificateRequest: CHANGES,
  approve: CHANGES,
  deny: CHANGES,
  deleteCertificateRequest: CHANGES,
  leaseState: LOOKS,
  takeLease: CHANGES,
  giveBackLease: CHANGES,
  rewriteSecret: CHANGES,
};

export function readOnly(clients: Clients): Clients {
  return {
    juju: readOnlyJuju(clients.juju),
    host: readOnlyHost(clients.host),
    k8sd: (minor) => only(clients.k8sd(minor), K8SD),
    kubernetes: async () => {
      const kubernetes = await clients.kubernetes();
      return kubernetes && only(kubernetes, KUBERNETES);
    },
  };
}

function readOnlyJuju(juju: Juju): Juju {
  const { secrets } = juju;
  const refuse = async () => refusal('juju');
  return {
    ...juju,
    relations: only(juju.relations, RELATIONS),
    // Memories of what was seen: without them the next dispatch looks again.
    state: { ...juju.state, get: juju.state.get, entries: juju.state.entries, set: () => undefined },
    // To refresh a secret would make Juju remember that its new revision was taken.
    secrets: only({ ...secrets, get: (reference) => secrets.get(reference, 'peek') }, SECRETS),
    setStatus: refuse,
    setApplicationStatus: refuse,
    setWorkloadVersion: refuse,
    openPort: refuse,
    closePort: refuse,
    reboot: refuse,
    flush: refuse,
  };
}

function readOnlyHost(host: Host): Host {
  return {
    ...host,
    files: only(host.files, FILES),
    snapd: only(host.snapd, SNAPD),
    sysctl: only(host.sysctl, SYSCTL),
  };
}

/** The client with the methods that look; each of the others ends the action. */
function only<T extends object>(client: T, doing: Doing<T>): T {
  const refused = Object.keys(client).filter((name) => doing[name as keyof T] !== LOOKS);
  return { ...client, ...Object.fromEntries(refused.map((name) => [name, () => refusal(name)])) };
}

function refusal(name: string): never {
  throw new Error(`an action that only looks was about to change something (${name})`);
}
