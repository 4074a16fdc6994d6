import { describe, expect, it } from 'vitest';
import { planCluster } from '../../../src/capabilities/membership/plan.ts';
import { follower, leader, worker } from './facts.ts';

describe('a settled unit', () => {
  it.each([
    ['leader', leader()],
    ['control plane', follower()],
    ['worker', worker()],
  ])('%s has nothing to change and nothing to tell: else every dispatch would wake every other unit', (_, facts) => {
    expect(planCluster(facts)).toEqual({ changes: [], reports: [] });
  });
});
