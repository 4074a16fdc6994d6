/** A snap file attached to a running cluster: every control plane takes it, one after the other. */

import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHost } from '../../src/host/open-host.ts';
import type { Model } from '../model/model.ts';
import { allActive, deployCluster, openCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
  await deployCluster(cluster, { controlPlanes: 2, workers: 1 });
}, 240_000);

afterAll(() => cluster.close());

it('reaches the units that have to wait for their turn, and an empty file leads back to the channel', async () => {
  const { model, directory } = cluster;
  const file = join(directory, 'k8s.snap');
  const stored = await snapOf(model, 'k8s/1');
  // Begins as a SquashFS does; what follows tells the stand-in which snap it is.
  await writeFile(file, Buffer.concat([Buffer.from('hsqs\nk8s 1.36.4\n'), randomBytes(100_000)]));
  await model.attachResource('k8s', 'snap-installation', file);
  await settleWith(model, 'x1');
  expect((await snapOf(model, 'k8s/0'))?.heldUntil).toBeDefined();
  await writeFile(file, '');
  await model.attachResource('k8s', 'snap-installation', file);
  await settleWith(model, stored?.revision ?? '');
  expect(await snapOf(model, 'k8s/1')).toEqual(stored);
}, 120_000);

function snapOf(model: Model, unit: string) {
  return openHost(model.unit(unit).machine.root).snapd.snap('k8s');
}

async function settleWith(model: Model, revision: string): Promise<void> {
  await model.settle({ timeoutMs: 100_000, until: allActive, updateStatusEveryMs: 2_000 });
  for (const unit of ['k8s/0', 'k8s/1']) expect((await snapOf(model, unit))?.revision).toBe(revision);
}
