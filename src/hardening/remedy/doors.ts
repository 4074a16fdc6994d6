/** Through which doors remedies go. */

import type { Host } from '../../host/host.ts';
import type { Juju } from '../../juju/juju.ts';

export interface Doors {
  readonly juju: Juju;
  readonly host: Host;
}
