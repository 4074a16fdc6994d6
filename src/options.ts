/** The table of all options: `config.yaml` of both charms and the README are made from it, and `plan` knows from it what can be set. */

import { CERTIFICATE_OPTIONS } from './capabilities/certificates/options.ts';
import { ENCRYPTION_OPTIONS } from './capabilities/encryption/options.ts';
import { HARDENING_OPTIONS } from './capabilities/hardening/declared-options.ts';
import { CLUSTER_OPTIONS } from './capabilities/membership/declared-options.ts';
import type { OptionSet } from './core/options.ts';
import type { Role } from './core/role.ts';
import { GATE_OPTIONS } from './engine/gate/options.ts';

const OPTIONS: OptionSet = {
  ...CLUSTER_OPTIONS,
  ...CERTIFICATE_OPTIONS,
  ...HARDENING_OPTIONS,
  ...ENCRYPTION_OPTIONS,
  ...GATE_OPTIONS,
};

/** Those that the charm of a role has. */
export function optionsOf(role: Role): OptionSet {
  return Object.fromEntries(Object.entries(OPTIONS).filter(([, { roles }]) => roles.includes(role)));
}
