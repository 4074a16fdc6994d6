/** Certificates renewed without anybody asking: at whatever call a unit is ended, all of them end up new, with their keys, and served. */

import { describe, it, vi } from 'vitest';
import { settleActive, type TestCluster } from '../cluster.ts';
import { firstEnd, shortenLives } from '../short-lives.ts';
import { deploy, expectConvergence, OPTIONS } from './scenario.ts';

const DAY = 86_400;

describe('crash points', OPTIONS, () => {
  it.each([
    ['of a control plane that renews its certificates by itself', 'k8s/0'],
    ['of a worker that renews its certificates by itself', 'k8s-worker/0'],
  ])('%s', (name, unit) =>
    expectConvergence(name, {
      unit,
      prepare: async (cluster) => {
        await deploy(cluster, 1, 1);
        await shortenLives(cluster, unit, DAY);
      },
      run: (cluster) => renew(cluster, unit),
    }),
  );
});

/** A renewal that was ended is taken up by the next hook. */
async function renew(cluster: TestCluster, unit: string): Promise<void> {
  const { model } = cluster;
  const renewed = async () => (await firstEnd(cluster, unit)).getTime() > Date.now() + 2 * DAY * 1000;
  await vi.waitUntil(
    async () => {
      model.updateStatus();
      await model.settle({ timeoutMs: 60_000 });
      return renewed();
    },
    { timeout: 120_000, interval: 100 },
  );
  await settleActive(model);
}
