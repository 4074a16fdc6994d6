/** Guards that no file, however broken, makes the inventory throw, or keeps it busy: in a dispatch it stands before everything else. */

import 'reflect-metadata';
import { expect, it } from 'vitest';
import { examine } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import { findingsOf } from '../../../../src/capabilities/certificates/inventory/findings.ts';
import { readInventory } from '../../../../src/capabilities/certificates/inventory/read-inventory.ts';
import { isRead } from '../../../../src/capabilities/certificates/inventory/record.ts';
import { createRandom, type Random, randomText } from '../../../clients/juju/random.ts';
import { issueAuthority, issueLeaf, publicKeyOf } from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { CALM, kubeconfigOf, PKI } from './control-plane.ts';

const ROUNDS = 3_000;
const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2046-01-01T00:00:00Z') };

it('takes certificates with changed bytes, cut short, doubled, or replaced by anything', async () => {
  const random = createRandom(20261123);
  const sound = await soundFiles();
  const paths = [...sound.keys()];
  let unreadable = 0;
  let read = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const path = paths[random(paths.length)] ?? '';
    const files = new Map(sound).set(path, mutated(random, sound.get(path) ?? ''));
    const inventory = await readInventory({ read: async (name) => files.get(name) }, 'control-plane');
    const findings = findingsOf(examine(inventory, 'control-plane'), CALM);
    read += inventory.filter(isRead).length;
    unreadable += inventory.filter((record) => !isRead(record) && !record.problem.startsWith('is not there')).length;
    // What others may read must hold nothing of a file that is not a certificate.
    expect(JSON.stringify(findings)).not.toContain('PRIVATE KEY-----');
  }
  // Both ways were taken, or nothing was tried.
  expect(read).toBeGreaterThan(ROUNDS);
  expect(unreadable).toBeGreaterThan(ROUNDS / 10);
}, 60_000);

it.each([
  ['blanks', ' \n\t'.repeat(300_000)],
  ['boundaries', '-----BEGIN CERTIFICATE-----\n'.repeat(30_000)],
  ['empty blocks', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'.repeat(15_000)],
  [
    'a block of a million letters',
    `-----BEGIN CERTIFICATE-----\n${'A'.repeat(1_000_000)}\n-----END CERTIFICATE-----\n`,
  ],
  ['a kubeconfig of blanks', `client-certificate-data:${' '.repeat(900_000)}x`],
  ['a kubeconfig with a million letters', `client-certificate-data: ${'A'.repeat(1_000_000)}!`],
])('is done with %s within a second', async (_, text) => {
  const started = performance.now();
  const inventory = await readInventory({ read: async () => text }, 'control-plane');
  expect(inventory.some(isRead)).toBe(false);
  expect(performance.now() - started).toBeLessThan(5_000);
});

it('takes files that cannot be read as findings', async () => {
  const denied = Object.assign(new Error('EACCES: secret path'), { code: 'EACCES' });
  const inventory = await readInventory({ read: () => Promise.reject(denied) }, 'worker');
  const problems = inventory.map((record) => (isRead(record) ? '' : record.problem));
  expect(new Set(problems)).toEqual(new Set(['cannot be read: EACCES']));
});

async function soundFiles(): Promise<ReadonlyMap<string, string>> {
  const pool = openKeyPool(0);
  const authority = await issueAuthority('kubernetes-ca', await pool.draw(), validity);
  const key = await pool.draw();
  const leaf = {
    key,
    certificate: await issueLeaf({
      subject: { commonName: 'kube-apiserver' },
      publicKey: publicKeyOf(key),
      issuer: authority,
      sans: ['kubernetes', '10.0.0.10', '2001:db8::1'],
      validity,
    }),
  };
  return new Map([
    [`${PKI}/ca.crt`, authority.certificate],
    [`${PKI}/ca.key`, authority.key],
    [`${PKI}/apiserver.crt`, leaf.certificate],
    [`${PKI}/apiserver.key`, leaf.key],
    ['/etc/kubernetes/admin.conf', kubeconfigOf(leaf)],
  ]);
}

function mutated(random: Random, text: string): string {
  switch (random(6)) {
    case 0:
      return text.slice(0, random(text.length));
    case 1:
      return text.slice(0, random(text.length)) + randomText(random, 40) + text.slice(random(text.length));
    case 2:
      return text + text.slice(random(text.length));
    case 3:
      return randomText(random, 200);
    default:
      return withChangedBytes(random, text);
  }
}

/** Of what is encoded in the first block, so that the text around it stays what it is. */
function withChangedBytes(random: Random, text: string): string {
  const match = /(-----BEGIN [A-Z ]+-----\n)([\s\S]*?)(-----END)/.exec(text);
  if (match?.[2] === undefined) return text.replace(/[A-Za-z]/g, (letter) => (random(200) === 0 ? 'Z' : letter));
  const bytes = Buffer.from(match[2], 'base64');
  for (let count = 1 + random(4); count > 0; count -= 1) bytes[random(bytes.length)] = random(256);
  const body =
    bytes
      .toString('base64')
      .match(/.{1,64}/g)
      ?.join('\n') ?? '';
  return text.replace(match[2], () => `${body}\n`);
}
