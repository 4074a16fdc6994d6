/** Certificates renewed without anybody asking: at whatever call a unit is ended, all of them end up new, with their keys, and served. */

import { describe, it } from 'vitest';
import { deployCluster } from '../cluster.ts';
import { shortenLives } from '../short-lives.ts';
import { DAY, expectConvergence, OPTIONS, renewByItself } from './scenario.ts';
import { startingPoint } from './starting-point.ts';

const settled = startingPoint((cluster) => deployCluster(cluster, { controlPlanes: 1, workers: 1 }));

describe('crash points', OPTIONS, () => {
  it.each([
    ['of a control plane that renews its certificates by itself', 'k8s/0', /./],
    // A worker makes its requests as when it is asked for it (`refresh.test.ts`).
    ['of a worker that renews its certificates by itself', 'k8s-worker/0', /^(?!.*certificatesigningrequests)/],
  ])('%s', (name, unit, only) =>
    expectConvergence(name, { from: soonOver(unit), unit, only, run: (cluster) => renewByItself(cluster, unit) }),
  );
});

function soonOver(unit: string) {
  return settled.further((cluster) => shortenLives(cluster, unit, DAY));
}
