/**
 * What a plan takes as done, in order to look further than the next round of changes: a snap is installed before there is a node. Only what
 * this unit does by itself can be foreseen: what other units, a CA charm or an operator will do is not.
 */

import type { Foreseen } from '../../core/capability.ts';
import type { Change } from './change.ts';
import type { ClusterFacts } from './facts.ts';

export function foreseenAfter(change: Change): Foreseen | undefined {
  switch (change.kind) {
    case 'install-snap':
      return { installed: { channel: change.file ? undefined : change.channel } };
    case 'await-daemon':
      return { installed: { channel: undefined } };
    case 'refresh-snap':
      return { refreshed: { channel: change.channel, file: change.file?.sha256 } };
    default:
      return undefined;
  }
}

/** The facts as they will be. */
export function foreseenCluster(facts: ClusterFacts, { installed, refreshed }: Foreseen): ClusterFacts {
  let next = facts;
  if (installed !== undefined) {
    const { channel } = installed;
    const version = /^(\d+\.\d+)-/.exec(channel ?? '')?.[1] ?? '';
    const coming = { name: 'k8s', version, revision: '', confinement: 'classic', ...(channel ? { channel } : {}) };
    next = { ...next, snap: next.snap ?? coming, daemon: 'ready' };
  }
  if (refreshed !== undefined && next.snap !== undefined) {
    const { channel: _, ...snap } = next.snap;
    const { channel, file } = refreshed;
    const memory = { ...next.memory, snapFile: file ?? '' };
    next = { ...next, memory, snap: file === undefined ? { ...snap, channel } : snap };
  }
  return next;
}
