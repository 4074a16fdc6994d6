/** The table of all options: `config.yaml` of both charms and the README are made from it, and `plan` knows from it what can be set. */

import { CERTIFICATE_OPTIONS } from './certificates/index.ts';
import { CLUSTER_OPTIONS } from './cluster/index.ts';
import type { OptionSet } from './core/options.ts';
import type { Role } from './core/role.ts';
import { ENCRYPTION_OPTIONS, HARDENING_OPTIONS } from './hardening/index.ts';

const OPTIONS: OptionSet = {
  ...CLUSTER_OPTIONS,
  ...CERTIFICATE_OPTIONS,
  ...HARDENING_OPTIONS,
  ...ENCRYPTION_OPTIONS,
};

/** Those that the charm of a role has. */
export function optionsOf(role: Role): OptionSet {
  return Object.fromEntries(Object.entries(OPTIONS).filter(([, { roles }]) => roles.includes(role)));
}
