/** Guards that no Secret is listed before the last write with the former cipher has come to etcd. */

import { expect, it } from 'vitest';
import type { Doors } from '../../../src/hardening/encryption/doors.ts';
import { rewriteSecrets } from '../../../src/hardening/encryption/rewrite.ts';
import type { StoredSecret } from '../../../src/kubernetes/kubernetes.ts';
import { memoryState } from '../state.ts';
import { moving, NOW } from './facts.ts';

/** After that etcd 3.6 gives up what it has been asked to write, with its default election timeout of a second. */
const ETCD_GIVES_UP_MS = 7_000;

it.each([
  ['at once', 0],
  ['when half of the time is over', 5_000],
  ['much later', 60_000],
])('a leader that comes to it %s lists Secrets when none is under way any more', async (_, lateMs) => {
  let now = NOW.getTime() + lateMs;
  const late: StoredSecret = { name: 'late', namespace: 'default', uid: 'u', resourceVersion: '7' };
  const rewritten: string[] = [];
  const kubernetes = {
    // It was encrypted with the former key just before the phase began, and etcd took its time.
    secretPage: async () => ({ secrets: now >= NOW.getTime() + ETCD_GIVES_UP_MS ? [late] : [], next: undefined }),
    rewriteSecret: async ({ name }: StoredSecret) => void rewritten.push(name),
  };
  const host = {
    now: () => new Date(now),
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  const doors = { juju: { state: memoryState() }, host, kubernetes: async () => kubernetes } as unknown as Doors;
  await rewriteSecrets(doors, moving('rewrite'));
  expect(rewritten).toEqual(['late']);
  expect(now - NOW.getTime()).toBe(Math.max(10_000, lateMs));
});
