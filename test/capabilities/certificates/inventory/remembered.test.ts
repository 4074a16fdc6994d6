/** Guards that certificates are read when their files have changed, and only then: most dispatches find everything as it was. */

import { appendFile, copyFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import type { Examined } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import { forgetInventory, observeInventory } from '../../../../src/capabilities/certificates/inventory/remembered.ts';
import { openFiles } from '../../../../src/clients/host/files.ts';
import type { Files } from '../../../../src/clients/host/host.ts';
import type { State } from '../../../../src/clients/juju/juju.ts';
import { temporaryRoot } from '../../../clients/host/folder.ts';
import { issueAuthority, issueLeaf, type Pair, publicKeyOf } from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';

const KUBELET = '/etc/kubernetes/pki/kubelet.crt';
const TIME = new Date('2026-02-01T00:00:00Z');
const write = { mode: 0o600 };
let authority: Pair;
let key: string;

beforeAll(async () => {
  const pool = openKeyPool(0);
  const validity = { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date('2046-01-01T00:00:00Z') };
  authority = await issueAuthority('kubernetes-ca', await pool.draw(), validity);
  key = await pool.draw();
});

it('is read once, and again when a file is another', async () => {
  const node = await newNode();
  expect(ends(await node.observe())).toEqual({ ca: 2046, kubelet: 2027 });
  expect(node.reads()).toContain(KUBELET);
  node.reads();
  const second = await node.observe();
  expect(node.reads()).toEqual([]);
  expect(ends(second)).toEqual({ ca: 2046, kubelet: 2027 });
  await node.files.write(KUBELET, await leaf(2028), write);
  expect(ends(await node.observe())).toEqual({ ca: 2046, kubelet: 2028 });
  await node.files.remove(KUBELET);
  expect(ends(await node.observe())).toEqual({ ca: 2046 });
});

it('remembers dates as dates, and all that findings need', async () => {
  const node = await newNode();
  expect(await node.observe()).toEqual(await node.observe());
});

it('does not look into a file of the same time, inode and size', async () => {
  const node = await newNode();
  const real = node.files.real(KUBELET);
  await utimes(real, TIME, TIME);
  const first = await node.observe();
  const before = await stat(real);
  await writeFile(real, (await node.files.read(KUBELET))?.replaceAll(/[A-Za-z]/g, 'x') ?? '');
  await utimes(real, TIME, TIME);
  const after = await stat(real);
  expect([after.ino, after.size, after.mtimeMs]).toEqual([before.ino, before.size, before.mtimeMs]);
  node.reads();
  expect(await node.observe()).toEqual(first);
  expect(node.reads()).toEqual([]);
});

/** Each alone: whatever else a file has stays as it was. */
it.each([
  ['time', (real: string) => utimes(real, new Date(0), new Date(0))],
  ['size', (real: string) => appendFile(real, '\n').then(() => utimes(real, TIME, TIME))],
  [
    'inode',
    async (real: string) => {
      await copyFile(real, `${real}.new`);
      await utimes(`${real}.new`, TIME, TIME);
      await rename(`${real}.new`, real);
    },
  ],
])('looks again after the change of the %s alone', async (_, change) => {
  const node = await newNode();
  const real = node.files.real(KUBELET);
  await utimes(real, TIME, TIME);
  await node.observe();
  await change(real);
  node.reads();
  await node.observe();
  expect(node.reads()).toContain(KUBELET);
});

it.each(['x', '{}', '{"format":0,"stamp":"","inventory":[]}', 'null'])(
  'does not fall over a memory of %s',
  async (text) => {
    const node = await newNode();
    node.state.set('certificates/inventory', text);
    expect(ends(await node.observe())).toEqual({ ca: 2046, kubelet: 2027 });
  },
);

it('stays small, whatever the number of names; and holds no key', async () => {
  const node = await newNode();
  await node.observe();
  expect(node.remembered()?.length).toBeLessThan(2_000);
  expect(node.remembered()).not.toMatch(/KEY|BEGIN/);
  const names = Array.from({ length: 2_000 }, (_, index) => `node-${index}.example.com`);
  await node.files.write(KUBELET, await leaf(2028, names), write);
  expect((await node.observe()).find(({ name }) => name === 'kubelet')?.sans).toHaveLength(2_000);
  expect(node.remembered()).toBeUndefined();
});

it('is forgotten with the cluster', async () => {
  const node = await newNode();
  await node.observe();
  forgetInventory(node.state);
  expect(node.remembered()).toBeUndefined();
});

async function newNode() {
  const files = openFiles(await temporaryRoot());
  await files.write('/etc/kubernetes/pki/ca.crt', authority.certificate, write);
  await files.write('/etc/kubernetes/pki/kubelet.key', key, write);
  await files.write(KUBELET, await leaf(2027), write);
  const kept = new Map<string, string>();
  const state: State = {
    get: async (name) => kept.get(name),
    entries: async () => Object.fromEntries(kept),
    set: (name, value) => void (value === undefined ? kept.delete(name) : kept.set(name, value)),
  };
  let read: string[] = [];
  const watched: Files = {
    ...files,
    read: async (path) => {
      read.push(path);
      return files.read(path);
    },
  };
  return {
    files,
    state,
    observe: async () => (await observeInventory({ files: watched, state }, 'worker')).inventory,
    remembered: () => kept.get('certificates/inventory'),
    /** Paths that were read since the last call. */
    reads() {
      const since = read;
      read = [];
      return since;
    },
  };
}

function leaf(year: number, sans: readonly string[] = ['juju-3f2a-4']): Promise<string> {
  return issueLeaf({
    subject: { commonName: 'system:node:juju-3f2a-4' },
    publicKey: publicKeyOf(key),
    issuer: authority,
    sans,
    validity: { notBefore: new Date('2026-01-01T00:00:00Z'), notAfter: new Date(`${year}-01-01T00:00:00Z`) },
  });
}

function ends(inventory: readonly Examined[]): Record<string, number> {
  return Object.fromEntries(
    inventory.flatMap(({ name, notAfter }) => (notAfter ? [[name, notAfter.getUTCFullYear()] as const] : [])),
  );
}
