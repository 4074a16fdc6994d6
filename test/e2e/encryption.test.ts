/**
 * Encryption of Secrets on a whole cluster: from birth, live from one cipher to another, off and on again, with a control plane that joins
 * and a leader that goes in the middle; and never an API server that cannot read what another wrote.
 */

import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allActive, deployCluster, openCluster, resetOptions, type TestCluster } from './cluster.ts';
import { machineOf, runningArguments } from './nodes.ts';
import { unitsOf } from './reality.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';
import {
  expectReadable,
  rolloutOf,
  settleOn,
  storedUnder,
  viewOf,
  watchReadable,
  writeSecret,
} from './stored-secrets.ts';

const FILE = '/var/snap/k8s/common/etc/encryption/enc.yaml';
const FLAGS = {
  '--encryption-provider-config': FILE,
  '--encryption-provider-config-automatic-reload': 'true',
};
const API = 'kube-apiserver';

let cluster: TestCluster;
let stopWatching: () => void;

beforeAll(async () => {
  cluster = await openCluster();
  await deployCluster(cluster, { controlPlanes: 2, workers: 0 });
  stopWatching = watchReadable(cluster);
}, 240_000);

afterAll(() => cluster.close());

function starts(): number {
  return cluster.machines.serviceEvents.filter(({ service, what }) => service === API && what === 'up').length;
}

async function fileOf(unit: string): Promise<string> {
  return machineOf(cluster, unit).files.need(FILE);
}

/** Every control plane has the file and the flags, its API server has loaded it, and says so. */
async function expectInService(cipher: string): Promise<void> {
  const { model } = cluster;
  const [provider, key] = cipher.split(':');
  const { digest } = rolloutOf(cluster);
  const view = viewOf(cluster);
  for (const unit of unitsOf(model, 'k8s')) {
    const text = await fileOf(unit);
    expect(text.match(/^ {6}- (?:aes|identity).*$/gm)).toEqual([`      - ${provider}:`]);
    expect(text.match(/name: \S+/g)).toEqual([`name: key${key}`]);
    expect(runningArguments(cluster, unit, API)).toMatchObject(FLAGS);
    expect(model.unit(unit).bag('cluster')['encryption-in-service']).toBe(digest);
    expect(view.api.encryption.get(machineOf(cluster, unit).id)?.digest).toBe(digest);
  }
  expect(model.secrets().map(({ label, owner }) => [label, owner.kind])).toEqual([
    ['encryption-at-rest', 'application'],
  ]);
  const [uri = ''] = model.secrets().map(({ id }) => id);
  // The previous keys are kept for backups of the datastore.
  const kept = Array.from({ length: Number(key) }, (_, index) => `key-${index + 1}`);
  expect(Object.keys(model.secretContent(`secret:${id(uri)}`)).sort()).toEqual(kept);
  expect(storedUnder(cluster)).toEqual([cipher]);
}

function id(uri: string): string {
  return uri.replace('secret:', '');
}

/** Without anything but what units hear of each other. */
async function settle(model: TestCluster['model']): Promise<void> {
  await model.settle({ timeoutMs: 120_000, until: allActive });
}

interface Report {
  readonly assessments: readonly { readonly findings: readonly { readonly state: string }[] }[];
}

describe('encryption at rest', { timeout: 400_000 }, () => {
  it('is there from birth, without a second start of any API server', async () => {
    for (const unit of unitsOf(cluster.model, 'k8s')) await writeSecret(cluster, unit, `of-${unit.replace('/', '-')}`);
    await expectInService('aesgcm:1');
    expect(starts()).toBe(2);
    expect((await stat(machineOf(cluster, 'k8s/1').files.real(FILE))).mode & 0o777).toBe(0o600);
    expect(await fileOf('k8s/0')).toMatch(/providers:\n\s+- aesgcm:/);
  });

  it('is shown by an assessment, which looks into the datastore itself', async () => {
    const task = await cluster.model.run('k8s/0', 'assess', { benchmark: 'stig', controls: 'V-274882' });
    expect(task).toMatchObject({ status: 'completed' });
    const { json } = task.results['report'] as unknown as { readonly json: string };
    const { assessments } = JSON.parse(await machineOf(cluster, 'k8s/0').files.need(json)) as Report;
    expect(assessments[0]?.findings[0]).toMatchObject({
      state: 'pass',
      evidence: expect.arrayContaining([expect.objectContaining({ found: '2 under aesgcm:1' })]),
    });
  });

  it('moves to AES-CBC, live and without a restart, while a third control plane joins', async () => {
    const { model, machines } = cluster;
    // Long enough for the third one to come into the middle of it.
    machines.delays.encryptionReload = 3_000;
    await model.configure('k8s', { 'encryption-at-rest': 'aescbc' });
    await model.addUnit('k8s');
    await model.settle({ timeoutMs: 120_000, until: () => rolloutOf(cluster)['now'] === 'aescbc:2' });
    machines.delays.encryptionReload = 200;
    await settleOn(cluster, 'aescbc:2');
    await expectInService('aescbc:2');
    expect([unitsOf(model, 'k8s').length, starts()]).toEqual([3, 3]);
  });

  it('is turned off, though the leader leaves in the middle, and on again', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'encryption-at-rest': 'none' });
    await model.removeUnit('k8s/0');
    await model.settle({ timeoutMs: 120_000, until: () => model.state.units['k8s/0'] === undefined });
    await settleOn(cluster, 'identity');
    await settle(model);
    expect([unitsOf(model, 'k8s').length, storedUnder(cluster)]).toEqual([2, ['identity']]);
    const [{ id: uri = '' } = {}] = model.secrets();
    expect(Object.keys(model.secretContent(`secret:${id(uri)}`)).sort()).toEqual(['key-1', 'key-2']);
    for (const unit of unitsOf(model, 'k8s')) {
      expect(Object.keys(runningArguments(cluster, unit, API) ?? {}).filter((flag) => flag in FLAGS)).toEqual([]);
      expect(await machineOf(cluster, unit).files.exists(FILE)).toBe(false);
    }
    await resetOptions(model, 'k8s', ['encryption-at-rest']);
    await settleOn(cluster, 'aesgcm:3');
    await settle(model);
    await expectInService('aesgcm:3');
  });

  it('gets another key by an action of the leader alone, of one that is not moving', async () => {
    const rotate = (unit: string) => cluster.model.run(unit, 'rotate-encryption-key');
    const [leader = '', other = ''] = unitsOf(cluster.model, 'k8s').toSorted((one) =>
      cluster.model.unit(one).leader ? -1 : 1,
    );
    expect(await rotate(other)).toMatchObject({
      status: 'failed',
      message: 'this is for the leader: juju run k8s/leader rotate-encryption-key',
    });
    expect(await rotate(leader)).toMatchObject({
      status: 'completed',
      results: { status: 'begun', key: '4', provider: 'aesgcm' },
    });
    expect(await rotate(leader)).toMatchObject({
      status: 'failed',
      message: 'a key is being rolled out already; the status tells how far it is',
    });
  });

  it('kept every Secret readable all the while', () => {
    stopWatching();
    expectReadable(cluster);
  });

  it('reads Secrets of a datastore that is restored from before a rotation, and brings them to the key in use', async () => {
    const { model } = cluster;
    const { kubernetes } = viewOf(cluster).state;
    const backup = { ...kubernetes.secrets };
    expect(storedUnder(cluster)).toEqual(['aesgcm:3']);
    await settleOn(cluster, 'aesgcm:4');
    await settle(model);
    kubernetes.secrets = backup;
    for (const unit of unitsOf(model, 'k8s')) await machineOf(cluster, unit).services.restart(API);
    expect(() => expectReadable(cluster)).toThrow();
    for (let round = 0; round < 20 && storedUnder(cluster).join() !== 'aesgcm:4'; round += 1) {
      await model.settle({ timeoutMs: 120_000 });
      model.updateStatus(unitsOf(model, 'k8s').find((unit) => model.unit(unit).leader));
    }
    await settleOn(cluster, 'aesgcm:4');
    await settle(model);
    expectReadable(cluster);
    await expectInService('aesgcm:4');
  });

  it('takes a key that was kept with a backup, from the operator’s secret', async () => {
    const { model } = cluster;
    const leader = unitsOf(model, 'k8s').find((unit) => model.unit(unit).leader) ?? '';
    const add = (secret: string) => model.run(leader, 'add-encryption-keys', { secret });
    expect(await add('no/secret')).toMatchObject({ status: 'failed' });
    const uri = model.addSecret({ 'key-9': Buffer.alloc(32, 9).toString('base64') });
    expect(await add(uri)).toMatchObject({ status: 'failed', message: expect.stringContaining('juju grant-secret') });
    model.grantSecret(uri, 'k8s');
    expect(await add(uri)).toMatchObject({ status: 'completed', results: { status: 'added', keys: 'key-9' } });
    expect(rolloutOf(cluster)).toMatchObject({ phase: 'settled', now: 'aesgcm:4', last: 9 });
  });

  it('told no key', async () => {
    await expectNoSecretsToldIn(cluster);
    expect(cluster.machines.failures).toEqual([]);
  });
});
