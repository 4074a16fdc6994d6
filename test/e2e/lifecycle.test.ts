/** The life of a cluster, from the packed archives to the last unit's removal. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployCluster, openCluster, type TestCluster } from './cluster.ts';

describe('a cluster of three control planes and two workers', { timeout: 240_000 }, () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await openCluster();
    await deployCluster(cluster, { controlPlanes: 3, workers: 2 });
  }, 240_000);

  afterAll(() => cluster.close());

  it('has every unit as a node of one cluster, and the leader counts them', () => {
    const { model } = cluster;
    expect(model.status().applications['k8s']?.status.message).toBe('3 control planes, 2 workers');
  });
});
