/** Guards the table of certificates: whatever the certificates are, it is no wider than a terminal. */

import { expect, it } from 'vitest';
import type { CertificateRow } from '../../../../src/capabilities/certificates/actions/certificate-rows.ts';
import { certificatesTable, WIDTH } from '../../../../src/capabilities/certificates/actions/certificates-table.ts';
import { renewalOf } from '../../../../src/capabilities/certificates/inventory/findings.ts';
import { inventoryPlaces } from '../../../../src/capabilities/certificates/inventory/places.ts';

/** Each column at its widest: one has expired, one is valid for twenty years, and one is not answered for. */
function widest(role: 'control-plane' | 'worker'): readonly CertificateRow[] {
  const circumstances = { role, managers: {}, now: new Date() };
  return inventoryPlaces(role).map(({ name, path, kind, services }, index) => ({
    name,
    path,
    kind,
    subject: '',
    sans: [],
    'sans-left-out': 0,
    issuer: '',
    'signed-by': 'front-proxy-ca',
    serial: '',
    key: 'RSA 2048',
    'signature-algorithm': '',
    usages: [],
    'valid-from': null,
    expires: '2046-12-01T08:27:00.000Z',
    days: index === 0 ? -1 : 7304,
    fingerprint: '',
    'managed-by': 'relation',
    renewal: renewalOf(name, [], circumstances),
    services,
    served: 'no answer',
    problem: null,
  }));
}

it.each(['control-plane', 'worker'] as const)('the table of a %s fits into a terminal of 120 columns', (role) => {
  const lines = certificatesTable(widest(role)).split('\n');
  expect(WIDTH).toBe(120);
  expect(lines.filter((line) => line.length > WIDTH)).toEqual([]);
});

it('the table says of what nobody renews what brings the next one', () => {
  const table = certificatesTable(widest('control-plane'));
  expect(table).toMatch(/^k8sd\/cluster .* none \(new cluster\) /m);
  expect(table).toMatch(/^etcd\/server .* none \(add a unit\) /m);
  expect(table).not.toContain('not renewable');
});
