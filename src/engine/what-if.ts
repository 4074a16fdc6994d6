/** A unit whose options are taken to be others than they are: what it would do then is seen without setting them. */

import type { Charm } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import { readSettings, type Settings, withSettings } from '../core/option-settings.ts';
import type { Role } from '../core/role.ts';

/** @throws Error with the text for the operator. */
export function readWhatIf(given: unknown, role: Role, { optionsOf }: Charm): Promise<Settings> {
  return readSettings('config', given, optionsOf(role), optionsOf(role === 'worker' ? 'control-plane' : 'worker'));
}

export function withOptions(clients: Clients, role: Role, { optionsOf }: Charm, settings: Settings): Clients {
  if (settings.size === 0) return clients;
  const config = async () => withSettings(await clients.juju.config(), settings, optionsOf(role), role);
  return { ...clients, juju: { ...clients.juju, config } };
}
