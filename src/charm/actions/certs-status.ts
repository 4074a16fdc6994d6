/** The action `certs-status`: which certificates the unit has and when they expire. */

import {
  daysUntil,
  isReadable,
  type ReadCertificate,
  readCertificates,
  readRequestJournal,
} from '../../certificates/index.ts';
import type { Doors } from '../doors.ts';
import type { Role } from '../role.ts';
import { refuseUnknown, textParameter } from './parameters.ts';
import { formatTable } from './table.ts';
import { formatYaml } from './yaml.ts';

interface Row {
  readonly name: string;
  readonly expires: string;
  readonly days: number | null;
  readonly authority: string;
  readonly subject: string;
  readonly sans: readonly string[];
  readonly problem: string;
}

export async function certsStatus(doors: Doors, role: Role): Promise<void> {
  const parameters = await doors.juju.actions.parameters();
  refuseUnknown(parameters, ['format']);
  const format = textParameter(parameters, 'format', 'table');
  if (!['table', 'json', 'yaml'].includes(format)) throw new Error('format must be table, json or yaml');
  const certificates = await readCertificates(doors.host.files, role);
  if (certificates.length === 0) throw new Error('this unit has no certificates yet; it is in no cluster');
  const rows = certificates.map((certificate) => describe(certificate, doors.host.now()));
  const journal = role === 'worker' ? await readRequestJournal(doors.host.files) : undefined;
  await doors.juju.actions.setResults({
    certificates: render(format, rows),
    ...(journal
      ? {
          refresh: `requested ${journal.requestedAt}, ${journal.issued ? 'being taken into use' : 'waiting for the control plane'}`,
        }
      : {}),
  });
}

function describe(certificate: ReadCertificate, now: Date): Row {
  const { name } = certificate.file;
  if (!isReadable(certificate))
    return { name, expires: '', days: null, authority: '', subject: '', sans: [], problem: certificate.problem };
  const { notAfter, issuer, subject, sans } = certificate;
  const days = daysUntil(notAfter, now);
  return {
    name,
    expires: notAfter.toISOString(),
    days,
    authority: issuer,
    subject,
    sans,
    problem: notAfter < now ? 'expired' : '',
  };
}

function render(format: string, rows: readonly Row[]): string {
  if (format === 'json') return JSON.stringify(rows);
  if (format === 'yaml') return formatYaml(rows);
  const cells = rows.map((row) => [
    row.name,
    row.expires || '-',
    row.days === null ? '-' : `${row.days}d`,
    row.authority || '-',
    row.problem,
  ]);
  return formatTable(['CERTIFICATE', 'EXPIRES', 'IN', 'AUTHORITY', ''], cells);
}
