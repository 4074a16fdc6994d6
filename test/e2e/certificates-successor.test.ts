/** What becomes of a cluster whose CA charm goes on with another CA: it says so at once, with what is left, and nothing else changes. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packCaCharm } from '../standins/juju/ca-charm/pack.ts';
import { openCluster, settleActive, settleUntil, type TestCluster, toldBy, USUALLY_JUJU_4 } from './cluster.ts';
import { machineOf } from './nodes.ts';
import { allServed, serialsOf } from './sound.ts';

const CONTROL = 'k8s/0';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster(USUALLY_JUJU_4);
  const { model } = cluster;
  const { archives } = cluster;
  await model.deploy(archives.k8s, {
    application: 'k8s',
    units: 1,
    config: { 'bootstrap-certificates': 'external', 'ca-certificates': '' },
  });
  await model.deploy(await packCaCharm(cluster.directory), {
    application: 'ca',
    config: { 'root-ca-validity': '7300d' },
  });
  await model.integrate('k8s:certificates', 'ca');
  await settleActive(model);
}, 240_000);

afterAll(async () => {
  await cluster?.close();
});

const message = (unit = CONTROL): string => toldBy(cluster.model, unit);
const settle = (until: () => boolean): Promise<void> => settleUntil(cluster.model, until);
const serials = async () => serialsOf(await allServed(cluster, [CONTROL]));

describe('a CA charm with another CA', { timeout: 240_000 }, () => {
  let before: Awaited<ReturnType<typeof serials>>;

  it('is told of with its first certificate, with the days that are left and the ways out', async () => {
    const { model } = cluster;
    before = await serials();
    await model.run('ca/0', 'rotate-ca');
    for (const { id, label } of model.secrets())
      if (label.startsWith('tls-certificate/certificates/unit/kubelet/')) model.expireSecret(id);
    await settle(() => message().startsWith('blocked: ca signs with another CA now ("ca.example")'));
    expect(message()).toMatch(/have the first CA sign .*; what is in service stays, until 20..-..-.. \(89 days\)$/);
    expect(await serials()).toEqual(before);
  });

  it('is told of the same when a name is asked for, and when it is not wanted any more', async () => {
    const { model } = cluster;
    for (const sans of ['lb.example', '']) {
      await model.configure('k8s', { 'kube-apiserver-extra-sans': sans });
      await model.settle({ timeoutMs: 60_000 });
      expect(message()).toMatch(/^blocked: ca signs with another CA now .* \(89 days\)$/);
      expect(message()).not.toContain('; ca signs');
    }
    expect(await serials()).toEqual(before);
  });

  it('lets nobody join, who is told why', async () => {
    const { model } = cluster;
    await model.deploy(cluster.archives.worker, { application: 'k8s-worker', units: 1 });
    await model.integrate('k8s:k8s-cluster', 'k8s-worker:cluster');
    await model.integrate('k8s-worker:certificates', 'ca');
    await settle(() => message('k8s-worker/0').includes('so that this unit cannot join'));
    expect(message('k8s-worker/0')).toMatch(/^blocked: What ca has issued does not come from the CA .*another cluster/);
    expect(machineOf(cluster, 'k8s-worker/0').state.k8sd.member).toBeUndefined();
  });

  it('is gone when it is not integrated any more; what is in service stays, until it ends', async () => {
    const { model } = cluster;
    await model.removeRelation('k8s:certificates', 'ca');
    await settle(() => message().startsWith('blocked: Integrate certificates with a CA charm'));
    expect(message()).toMatch(/juju integrate k8s:certificates <.*>; what is in service stays, until .* \(89 days\)$/);
    expect(await serials()).toEqual(before);
  });
});
