/**
 * A cluster of the Python charms is taken over: what these charms change by default costs each service one restart at most, a snap that
 * was installed by its revision stays where the channel has the same one, and nothing of the Python charms goes on running.
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packedArchives } from '../archives.ts';
import type { Model } from '../standins/juju/model.ts';
import { deployCluster, openCluster, resetOptions, settleActive, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';

const UNITS = ['k8s/0', 'k8s/1', 'k8s-worker/0'];
const DEFAULTS = ['tls-min-version', 'encryption-at-rest'];
const TIMER = '/etc/systemd/system/k8s.update_status.timer';

let cluster: TestCluster;
let model: Model;

beforeAll(async () => {
  cluster = await openCluster({ dispatch: 'process' });
  ({ model } = cluster);
  await deployCluster(
    cluster,
    { controlPlanes: 2, workers: 1 },
    { 'tls-min-version': '1.2', 'encryption-at-rest': 'none' },
  );
  // Databags, files and nodes, and nothing of what ours remember.
  for (const unit of Object.values(model.state.units)) {
    unit.state = {};
    const agent = join(model.directory, 'agents', `unit-${unit.name.replace('/', '-')}`);
    await rm(join(agent, 'charm', '.told-to-juju.json'), { force: true });
    await rm(join(model.unit(unit.name).machine.root, 'var/lib/k8s-charm'), { recursive: true, force: true });
    // As `snap install --revision` leaves it.
    const { state, files } = machineOf(cluster, unit.name);
    if (state.snapd.snap) state.snapd.snap = { ...state.snapd.snap, channel: 'latest/stable' };
    if (unit.application === 'k8s') await files.write(TIMER, '[Timer]\nOnUnitInactiveSec=300s\n');
  }
}, 300_000);

afterAll(() => cluster.close());

describe('a cluster of the Python charms', { timeout: 300_000 }, () => {
  it('comes to the defaults of these charms with one restart of each service at most, and none of the snap', async () => {
    const from = cluster.machines.serviceEvents.length;
    const archives = await packedArchives();
    await resetOptions(model, 'k8s', DEFAULTS);
    await model.refresh('k8s', archives.k8s);
    await model.refresh('k8s-worker', archives.worker);
    await settleActive(model, 280_000);
    const down = cluster.machines.serviceEvents
      .slice(from)
      .flatMap(({ machine, service, what }) => (what === 'down' ? [`${machine} ${service}`] : []));
    expect(down.filter((one, index) => down.indexOf(one) !== index)).toEqual([]);
    expect(down.filter((one) => one.endsWith(' kube-apiserver'))).toHaveLength(2);
    for (const unit of UNITS) {
      const { state } = machineOf(cluster, unit);
      expect(state.snapd.snap).toMatchObject({ channel: '1.36-classic/stable', revision: '5106' });
      expect(state.services['kubelet']?.running).toMatchObject({ '--tls-min-version': 'VersionTLS13' });
    }
    for (const unit of ['k8s/0', 'k8s/1'])
      expect(machineOf(cluster, unit).services.running('kube-apiserver')).toHaveProperty(
        '--encryption-provider-config',
      );
  });

  it('keeps no timer of the Python charms', async () => {
    for (const unit of ['k8s/0', 'k8s/1']) expect(await machineOf(cluster, unit).files.read(TIMER)).toBeUndefined();
  });
});
