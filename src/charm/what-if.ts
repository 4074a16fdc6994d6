/** A unit whose options are taken to be others than they are: what it would do then is seen without setting them. */

import { readSettings, type Settings, withSettings } from '../core/option-settings.ts';
import { optionsOf } from '../options.ts';
import type { Doors } from './doors.ts';
import type { Role } from './role.ts';

/** @throws Error with the text for the operator. */
export function readWhatIf(given: unknown, role: Role): Promise<Settings> {
  return readSettings('config', given, optionsOf(role), optionsOf(role === 'worker' ? 'control-plane' : 'worker'));
}

export function withOptions(doors: Doors, role: Role, settings: Settings): Doors {
  if (settings.size === 0) return doors;
  const config = async () => withSettings(await doors.juju.config(), settings, optionsOf(role), role);
  return { ...doors, juju: { ...doors.juju, config } };
}
