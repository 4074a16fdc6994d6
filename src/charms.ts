/** The table: which capabilities the charms have, in the order of their plans. What one contributes, those below it get. */

import { certificates } from './capabilities/certificates/capability.ts';
import { certificateSources } from './capabilities/certificates/sources/capability.ts';
import { caTransfer } from './capabilities/certificates/transfer/capability.ts';
import { encryption } from './capabilities/encryption/capability.ts';
import { hardening } from './capabilities/hardening/capability.ts';
import { membership } from './capabilities/membership/capability.ts';
import { pythonCharm } from './capabilities/membership/python-charm.ts';
import type { Charm } from './core/capability.ts';
import type { Role } from './core/role.ts';
import { rolloutLock } from './engine/gate/capability.ts';
import { optionsOf } from './options.ts';

const CAPABILITIES: Charm['capabilities'] = [
  pythonCharm,
  hardening,
  encryption,
  certificateSources,
  'membership',
  certificates,
  caTransfer,
  rolloutLock,
];

export function charmOf(role: Role): Charm {
  const capabilities = CAPABILITIES.filter((one) => one === 'membership' || one.roles.includes(role));
  return { membership, capabilities, optionsOf };
}
