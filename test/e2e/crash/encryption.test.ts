/** The key of Secrets replaced: at whatever call the unit is ended, all Secrets come under the next key, and the former one is forgotten. */

import { describe, it } from 'vitest';
import { settleActive } from '../cluster.ts';
import { expectReadable, rolloutOf, settleOn, writeSecret } from '../stored-secrets.ts';
import { deploy, expectConvergence, OPTIONS } from './scenario.ts';

describe('crash points', OPTIONS, () => {
  it('of a control plane that replaces the key of Secrets', () =>
    expectConvergence('of a control plane that replaces the key of Secrets', {
      unit: 'k8s/0',
      prepare: async (cluster) => {
        await deploy(cluster, 1, 0);
        await writeSecret(cluster, 'k8s/0', 'one');
      },
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
