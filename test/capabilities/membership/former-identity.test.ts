/** Guards that what earlier revisions remember of changes that were undone still holds them back: by the sentences of those revisions. */

import { expect, it } from 'vitest';
import type { Change } from '../../../src/capabilities/membership/change.ts';
import { formerIdentity } from '../../../src/capabilities/membership/former-identity.ts';
import { sentenceIdentity } from '../../../src/core/change-identity.ts';
import { parseFailures, standingFailure } from '../../../src/core/failures.ts';

const file = { path: '/resource/k8s.snap', sha256: '0123456789abcdef' };
const journal = { before: '', after: '--v="4"\n', remembered: {}, remember: {}, finished: false };
const set = { '--v': '4', '--profiling': null };
const change = { service: 'kube-apiserver', set, remember: {}, foreign: [], drifted: [] } as const;

it.each<[string, Change, string]>([
  [
    'arguments',
    { kind: 'write-arguments', change, before: '' },
    'kube-apiserver: set --v=4, take out --profiling, and restart it',
  ],
  [
    'an interrupted edit',
    { kind: 'finish-arguments', service: 'kubelet', journal },
    'kubelet: restart it with the arguments that were written before',
  ],
  [
    'a channel',
    { kind: 'refresh-snap', channel: '1.37-classic/stable', file: undefined },
    'refresh the k8s snap to 1.37-classic/stable',
  ],
  [
    'a snap file',
    { kind: 'refresh-snap', channel: '1.37-classic/stable', file },
    'replace the k8s snap by the one in the resource snap-installation (sha256 0123456789ab)',
  ],
])('a failure of %s that an earlier revision remembers', (_, failed, sentence) => {
  const formerId = formerIdentity(failed);
  const remembered = parseFailures(JSON.stringify([{ id: sentenceIdentity(sentence), reason: 'it broke' }]));
  expect(standingFailure(remembered, { id: 'another', ...(formerId ? { formerId } : {}) }, new Date())?.reason).toBe(
    'it broke',
  );
});
