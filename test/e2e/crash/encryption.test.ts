/** The key of Secrets replaced: at whatever call the unit is ended, all Secrets come under the next key, and the former one is forgotten. */

import { describe, it } from 'vitest';
import { deployCluster, settleActive } from '../cluster.ts';
import { expectReadable, rolloutOf, settleOn, writeSecret } from '../stored-secrets.ts';
import { expectConvergence, OPTIONS } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const from = startingPoint(async (cluster) => {
  await deployCluster(cluster, { controlPlanes: 1, workers: 0 });
  await writeSecret(cluster, 'k8s/0', 'one');
});

describe('crash points', OPTIONS, () => {
  it('of a control plane that replaces the key of Secrets', () =>
    expectConvergence('of a control plane that replaces the key of Secrets', {
      from,
      unit: 'k8s/0',
      action: true,
      run: async (cluster) => {
        // Where nothing had begun when it was ended, the operator runs it again.
        for (let tries = 0; rolloutOf(cluster)['last'] === 1 && tries < 2; tries += 1)
          await cluster.model.run('k8s/0', 'rotate-encryption-key');
        await settleOn(cluster, 'aesgcm:2');
        await settleActive(cluster.model);
        expectReadable(cluster);
      },
    }));
});
