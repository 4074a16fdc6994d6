/**
 * Doors through which nothing can be changed: for an action that only looks. What looking would remember is dropped, and a change that is
 * tried all the same is a bug, which ends the action.
 */

import type { Files, Host, Snapd } from '../host/host.ts';
import type { Juju, Relations, Secrets } from '../juju/juju.ts';
import type { K8sd } from '../k8sd/k8sd.ts';
import type { Kubernetes } from '../kubernetes/kubernetes.ts';
import type { Doors } from './doors.ts';

const FILES: readonly (keyof Files)[] = ['read', 'status', 'list', 'tree', 'freeSpace', 'real'];
const SNAPD: readonly (keyof Snapd)[] = ['snap', 'published', 'services', 'log'];
const RELATIONS: readonly (keyof Relations)[] = [
  'ids',
  'units',
  'application',
  'unitBag',
  'applicationBag',
  'remoteBags',
];
const SECRETS: readonly (keyof Secrets)[] = ['get', 'info', 'ids'];
const K8SD: readonly (keyof K8sd)[] = [
  'ready',
  'waitUntilReady',
  'node',
  'members',
  'clusterStatus',
  'clusterConfig',
  'certificatesStatus',
];
const KUBERNETES: readonly (keyof Kubernetes)[] = [
  'ready',
  'version',
  'kinds',
  'list',
  'node',
  'nodes',
  'unreadyPods',
  'certificateRequest',
  'metrics',
  'secretPage',
  'storedSecret',
];

export function readOnly(doors: Doors): Doors {
  return {
    juju: readOnlyJuju(doors.juju),
    host: readOnlyHost(doors.host),
    k8sd: (minor) => only(doors.k8sd(minor), K8SD),
    kubernetes: async () => {
      const kubernetes = await doors.kubernetes();
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
    sysctl: only(host.sysctl, ['read']),
  };
}

/** The door with these of its methods; each of the others ends the action. */
function only<T extends object>(door: T, reads: readonly (keyof T)[]): T {
  const refused = Object.keys(door).filter((name) => !reads.includes(name as keyof T));
  return { ...door, ...Object.fromEntries(refused.map((name) => [name, () => refusal(name)])) };
}

function refusal(name: string): never {
  throw new Error(`an action that only looks was about to change something (${name})`);
}
