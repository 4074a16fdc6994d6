/**
 * A snap that cannot be had, on three control-plane nodes: tried once, on one unit, reported with the option, the reason and the way out;
 * no unit wakes the others for ever; and tried again when the cause has changed or an operator asks.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Model } from '../standins/juju/model.ts';
import {
  deployCluster,
  openCluster,
  resetOptions,
  settleActive,
  settleUntil,
  type TestCluster,
  toldBy,
} from './cluster.ts';

const UNITS = ['k8s/0', 'k8s/1', 'k8s/2'];
/** Hooks of three units that a change of an option, one failure and its news to the others take; without memory it never ended. */
const MOST_HOOKS = 40;

let cluster: TestCluster;
let model: Model;
let from = 0;

beforeAll(async () => {
  cluster = await openCluster();
  ({ model } = cluster);
  await deployCluster(cluster, { controlPlanes: 3, workers: 0 });
}, 240_000);

afterAll(() => cluster.close());

/** Until nothing happens any more. @returns how many hooks ran. */
async function hooksOf(change: () => Promise<void>): Promise<number> {
  from = model.log().length;
  await change();
  await model.settle({ timeoutMs: 120_000 });
  return since().filter(({ message }) => /^ran ".*" hook/.test(message)).length;
}

const since = () => model.log().slice(from);
/** Units that have set about to refresh or replace the snap, each as often as it did. */
const triedBy = () =>
  since().flatMap(({ entity, message }) =>
    message
      .split('\n')
      .flatMap((line) => (/^(?:\S+: )?(?:refresh|replace) the k8s snap[^:]*$/.test(line) ? [entity] : [])),
  );
const blocked = () => UNITS.every((unit) => model.unit(unit).workload.status === 'blocked');

describe('a channel that the store does not have', { timeout: 240_000 }, () => {
  it('is tried on one unit, once, and blocks all with the option, the reason and the way out', async () => {
    const hooks = await hooksOf(() => model.configure('k8s', { 'snap-channel': '1.37-classic/stable' }));
    expect(hooks).toBeLessThan(MOST_HOOKS);
    expect(triedBy()).toHaveLength(1);
    const [tried] = triedBy();
    const reason =
      'Could not install the snap from snap-channel 1.37-classic/stable: no snap revision on specified channel; set snap-channel to one of ';
    for (const unit of UNITS)
      expect(toldBy(model, unit)).toContain(
        unit === tried ? `blocked: ${reason}` : `blocked: not tried here, since it failed on ${tried}: ${reason}`,
      );
    expect(toldBy(model, tried ?? '')).toMatch(/1\.36-classic\/stable.*; to try again: juju run k8s\/\d retry$/);
    expect(model.status().applications['k8s']?.status.message).toContain('snap-channel');
  });

  it('is not tried again as time passes', async () => {
    const hooks = await hooksOf(async () => {
      for (let round = 0; round < 3; round += 1) {
        model.updateStatus();
        await model.settle({ timeoutMs: 60_000 });
      }
    });
    expect(hooks).toBeLessThanOrEqual(9);
    expect(triedBy()).toEqual([]);
    expect(blocked()).toBe(true);
  });

  it('is named by plan, which does not call the unit ready', async () => {
    for (const unit of UNITS) {
      const { results } = await model.run(unit, 'plan');
      expect(results['status']).toMatch(/^blocked: .*snap-channel 1\.37-classic\/stable/);
      expect(results['changes']).toContain('refresh the k8s snap to 1.37-classic/stable (with the rollout lock)');
    }
  });

  it('is tried once more, when an operator asks for it', async () => {
    const [tried = ''] = UNITS.filter((unit) => !toldBy(model, unit).includes('not tried here'));
    const hooks = await hooksOf(async () => {
      expect(await model.run(tried, 'retry')).toMatchObject({ status: 'completed' });
      model.updateStatus();
    });
    expect(hooks).toBeLessThan(MOST_HOOKS);
    expect(triedBy()).toHaveLength(1);
    expect(blocked()).toBe(true);
  });

  it('is forgotten with the option, and all are ready', async () => {
    from = model.log().length;
    await resetOptions(model, 'k8s', ['snap-channel']);
    await settleActive(model);
    expect(triedBy()).toEqual([]);
  });
});

describe('a resource that is no snap', { timeout: 240_000 }, () => {
  it('is tried on one unit, once', async () => {
    const file = join(cluster.directory, 'garbage.snap');
    await writeFile(file, 'no snap at all');
    const hooks = await hooksOf(() => model.attachResource('k8s', 'snap-installation', file));
    expect(hooks).toBeLessThan(MOST_HOOKS);
    expect(triedBy()).toHaveLength(1);
    expect(blocked()).toBe(true);
    for (const unit of UNITS)
      expect(toldBy(model, unit)).toContain('attach another snap as resource snap-installation');
  });

  it('is refused by name when it is an archive of the Python charms', async () => {
    const file = join(cluster.directory, 'override-latest-edge.tar.gz');
    await writeFile(file, gzipSync(Buffer.alloc(1024)));
    const hooks = await hooksOf(() => model.attachResource('k8s', 'snap-installation', file));
    expect(hooks).toBeLessThan(MOST_HOOKS);
    expect(triedBy()).toEqual([]);
    for (const unit of UNITS)
      expect(toldBy(model, unit)).toMatch(/^blocked: snap-installation holds an archive .*juju attach-resource k8s/);
  });

  it('makes room for the channel again when it is empty', async () => {
    const file = join(cluster.directory, 'empty');
    await writeFile(file, '');
    await model.attachResource('k8s', 'snap-installation', file);
    await settleActive(model);
  });
});

describe('a store that cannot be reached', { timeout: 240_000 }, () => {
  it('is tried by each unit, after pauses that grow, and told as what it is', async () => {
    cluster.machines.storeProblem = 'cannot reach the store';
    const hooks = await hooksOf(() => model.configure('k8s', { 'snap-channel': '1.36-classic/edge' }));
    expect(hooks).toBeLessThan(MOST_HOOKS);
    expect([...triedBy()].sort()).toEqual(UNITS);
    for (const unit of UNITS) expect(toldBy(model, unit)).toMatch(/cannot reach the store.*tried again after .* UTC/);
    cluster.machines.storeProblem = undefined;
    await model.configure('k8s', { 'snap-channel': '1.36-classic/candidate' });
    await settleUntil(model, () => UNITS.every((unit) => model.unit(unit).workload.status === 'active'));
  });
});
