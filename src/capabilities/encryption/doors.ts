/** The doors through which encryption at rest goes, as it is given them. */

import type { Host } from '../../clients/host/host.ts';
import type { Juju } from '../../clients/juju/juju.ts';
import type { Kubernetes } from '../../clients/kubernetes/kubernetes.ts';

export interface Doors {
  readonly juju: Juju;
  readonly host: Host;
  /** The node's own API server, as an administrator. Undefined before there is one. */
  kubernetes(): Promise<Kubernetes | undefined>;
}
