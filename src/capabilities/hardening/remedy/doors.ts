/** Through which doors remedies go. */

import type { Host } from '../../../clients/host/host.ts';
import type { Juju } from '../../../clients/juju/juju.ts';

export interface Doors {
  readonly juju: Juju;
  readonly host: Host;
}
