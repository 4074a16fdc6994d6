/** The certificates of a unit, and what is wrong with them, for people to read in a terminal of 120 columns. */

import type { Finding } from '../inventory/findings.ts';
import type { CertificateRow } from './certificate-rows.ts';
import { formatTable } from './table.ts';

export const WIDTH = 120;

const HEAD = ['CERTIFICATE', 'EXPIRES', 'IN', 'SIGNED BY', 'KEY', 'MANAGED BY', 'RENEWED BY', 'SERVED'];

export function certificatesTable(rows: readonly CertificateRow[]): string {
  return formatTable(
    HEAD,
    rows.map((row) => [
      row.name,
      row.expires?.slice(0, 16).replace('T', ' ') ?? 'unreadable',
      row.days === null ? '-' : row.days < 0 ? 'expired' : `${row.days}d`,
      row['signed-by'] ?? (row.problem === null ? 'unknown' : '-'),
      // A curve with a long name is still told by its beginning.
      row.key.slice(0, 12) || '-',
      row['managed-by'],
      // The fields for programs say it in full; here it would be wider than a terminal.
      row.renewal.replace(/^not renewable /, 'none '),
      row.served ?? '-',
    ]),
  );
}

/** Certificates with the same finding in one paragraph. */
export function findingsText(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'none';
  const groups = new Map<string, { readonly finding: Finding; readonly names: string[] }>();
  for (const finding of findings) {
    const remedy = finding.remedy.replaceAll(finding.certificate, '');
    const key = JSON.stringify([finding.severity, finding.message, remedy]);
    const group = groups.get(key) ?? { finding, names: [] };
    group.names.push(finding.certificate);
    groups.set(key, group);
  }
  return [...groups.values()].map(paragraph).join('\n');
}

/** `run refresh-certs certificates=a` of several is one with all of their names. */
function paragraph({ finding, names }: { readonly finding: Finding; readonly names: readonly string[] }): string {
  const remedy = finding.remedy.replaceAll(`=${finding.certificate} `, `=${names.join(',')} `);
  return [...wrap(`${finding.severity}: ${names.join(', ')}: ${finding.message}`, ''), ...wrap(remedy, '  ')].join(
    '\n',
  );
}

function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((one, index) => `${index === 0 ? indent : `${indent}  `}${one}`);
}
