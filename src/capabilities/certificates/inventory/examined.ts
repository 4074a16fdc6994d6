/** An inventory condensed to what findings hang on: small enough to be remembered between dispatches. */

import type { Role } from '../../../core/role.ts';
import { type Flaw, flawsOf } from './flaws.ts';
import { type InventoryRecord, isRead } from './record.ts';

export interface Examined {
  readonly name: string;
  /** Undefined when it cannot be read. */
  readonly notBefore: Date | undefined;
  readonly notAfter: Date | undefined;
  /** Of certificates that are served. */
  readonly sans: readonly string[];
  /** Whether the key of its authority lies on this node, so that k8sd can issue another one. Always so on a worker: others issue. */
  readonly issuable: boolean;
  readonly flaws: readonly Flaw[];
}

export function examine(inventory: readonly InventoryRecord[], role: Role): readonly Examined[] {
  const held = new Set(
    inventory.flatMap((record) => (isRead(record) && record.privateKey !== 'absent' ? [record.place.name] : [])),
  );
  return inventory.map((record) => {
    const read = isRead(record) ? record : undefined;
    const { name, authority, uses } = record.place;
    return {
      name,
      notBefore: read?.notBefore,
      notAfter: read?.notAfter,
      sans: uses.includes('server') ? (read?.sans ?? []) : [],
      issuable: role === 'worker' || (authority !== undefined && held.has(authority)),
      flaws: flawsOf(record, role),
    };
  });
}
