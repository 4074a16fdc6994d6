/** The doors through which this domain goes, as it is given them. */

import type { Host } from '../host/host.ts';
import type { Juju } from '../juju/juju.ts';
import type { K8sd } from '../k8sd/k8sd.ts';
import type { Kubernetes } from '../kubernetes/kubernetes.ts';

export interface Doors {
  readonly juju: Juju;
  readonly host: Host;
  /** k8sd of the installed snap, by its minor version (`36`). */
  k8sd(minor: number): K8sd;
  /** The API server with this node's own identity: an administrator on control planes, kubelet's on workers. Undefined before there is one. */
  kubernetes(): Promise<Kubernetes | undefined>;
}
