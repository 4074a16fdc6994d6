/** An action of the engine itself: it is about all capabilities. */

import type { Charm } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import type { Role } from '../core/role.ts';

export interface EngineAction {
  /** As of `Action`. */
  readonly looks?: true;
  run(clients: Clients, role: Role, charm: Charm): Promise<void>;
}
