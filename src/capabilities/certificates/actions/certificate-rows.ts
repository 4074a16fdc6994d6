/** The certificates of a unit as `certs-status` gives them to programs: names of fields are a promise, described in docs/reference/actions.md. */

import type { Role } from '../../../core/role.ts';
import { daysUntil } from '../../../core/validity.ts';
import type { Examined } from '../inventory/examined.ts';
import { renewalOf } from '../inventory/findings.ts';
import { type CertificateRecord, type InventoryRecord, isRead, keyText, type Manager } from '../inventory/record.ts';
import type { Served } from '../inventory/served.ts';

export interface CertificateRow {
  readonly name: string;
  readonly path: string;
  readonly kind: string;
  readonly subject: string;
  readonly sans: readonly string[];
  /** How many more there are: an answer has to stay readable, and Juju limits it. */
  readonly 'sans-left-out': number;
  readonly issuer: string;
  /** Name of the authority whose key signed it, `self`, or null when that is not known on this unit. */
  readonly 'signed-by': string | null;
  readonly serial: string;
  readonly key: string;
  readonly 'signature-algorithm': string;
  readonly usages: readonly string[];
  readonly 'valid-from': string | null;
  readonly expires: string | null;
  /** Whole days left; negative for what is over. */
  readonly days: number | null;
  readonly fingerprint: string;
  readonly 'managed-by': Manager;
  readonly renewal: string;
  readonly services: readonly string[];
  readonly served: Served | null;
  /** Why it cannot be read. */
  readonly problem: string | null;
}

interface Circumstances {
  readonly role: Role;
  readonly now: Date;
  readonly managers: Readonly<Record<string, Manager>>;
  readonly served: ReadonlyMap<string, Served>;
}

const MOST_SANS = 200;

/** Those that end first come first; those that cannot be read before all. */
export function certificateRows(
  inventory: readonly InventoryRecord[],
  examined: readonly Examined[],
  circumstances: Circumstances,
): readonly CertificateRow[] {
  const end = (record: InventoryRecord) => (isRead(record) ? record.notAfter.getTime() : 0);
  return [...inventory]
    .sort((one, other) => end(one) - end(other))
    .map((record) => ({
      name: record.place.name,
      path: record.place.path,
      kind: record.place.kind,
      ...NOTHING,
      ...(isRead(record) ? readFields(record, circumstances.now) : { problem: record.problem }),
      'managed-by': circumstances.managers[record.place.name] ?? 'snap',
      renewal: renewalOf(record.place.name, examined, circumstances),
      services: record.place.services,
      served: circumstances.served.get(record.place.name) ?? null,
    }));
}

const NOTHING = {
  subject: '',
  sans: [],
  'sans-left-out': 0,
  issuer: '',
  'signed-by': null,
  serial: '',
  key: '',
  'signature-algorithm': '',
  usages: [],
  'valid-from': null,
  expires: null,
  days: null,
  fingerprint: '',
  problem: null,
};

function readFields(record: CertificateRecord, now: Date) {
  const { signer, sans } = record;
  return {
    subject: record.subject,
    sans: sans.slice(0, MOST_SANS),
    'sans-left-out': Math.max(0, sans.length - MOST_SANS),
    issuer: record.issuer,
    'signed-by': signer.kind === 'authority' ? signer.name : signer.kind === 'self' ? 'self' : null,
    serial: record.serial,
    key: keyText(record.key),
    'signature-algorithm': record.signatureAlgorithm,
    usages: record.usages ?? [],
    'valid-from': record.notBefore.toISOString(),
    expires: record.notAfter.toISOString(),
    days: daysUntil(record.notAfter, now),
    fingerprint: record.fingerprint,
  };
}
