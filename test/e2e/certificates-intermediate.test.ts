/** A cluster whose authorities a CA charm has signed, from its beginning to renewed certificates. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packCaCharm } from '../model/ca-charm/pack.ts';
import { packedArchives } from '../archives.ts';
import { openCluster, settleActive, type TestCluster } from './cluster.ts';
import { machineOf, served } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
});

afterAll(async () => {
  await cluster?.close();
});

const message = (unit: string): string => {
  const { status, message: text } = cluster.model.unit(unit).workload;
  return `${status}: ${text}`;
};

describe('bootstrap-certificates=intermediate-ca', () => {
  it('waits for a CA charm before it makes anything', async () => {
    const { model } = cluster;
    const archives = await packedArchives();
    await model.deploy(archives.k8s, { application: 'k8s', units: 1, config: { 'bootstrap-certificates': 'intermediate-ca' } });
    await model.deploy(await packCaCharm(cluster.directory), { application: 'ca', config: { validity: '3650d' } });
    await model.settle({ timeoutMs: 60_000 });
    expect(message('k8s/0')).toMatch(/^blocked: Integrate certificates with a CA charm/);
    await model.integrate('k8s:certificates', 'ca');
    await settleActive(model);
    expect(message('k8s/0')).toBe('active: Ready');
    await expectNoSecretsToldIn(cluster);
    console.log(model.secrets().map(({label, owner}) => [label, owner]));
    console.log(model.log().map(({message}) => message).filter((m) => /certif|author/.test(m)).join('\n'));
    console.log((await served(cluster, 'k8s/0', 6443)).issuer, Object.keys(machineOf(cluster,'k8s/0')));
  }, 180_000);
});
