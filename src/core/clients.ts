/** The outside of a unit, as one dispatch reaches it: whoever changes or asks something gets these, and nothing else. */

import type { Host } from '../clients/host/host.ts';
import type { Juju } from '../clients/juju/juju.ts';
import type { K8sd } from '../clients/k8sd/k8sd.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';

export interface Clients {
  readonly juju: Juju;
  readonly host: Host;
  /** k8sd of the installed snap, by its minor version (`36`). */
  k8sd(minor: number): K8sd;
  /** The API server with this node's own identity: an administrator on control planes, kubelet's on workers. Undefined before there is one. */
  kubernetes(): Promise<Kubernetes | undefined>;
}
