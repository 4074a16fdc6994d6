/**
 * What a plan takes as done, in order to look further than the next round of changes: a file that arguments name is written before they
 * change, a snap is installed before there is a node. Only what this unit does by itself can be foreseen: what other units, a CA charm or
 * an operator will do is not.
 */

import type { ClusterChange, ClusterFacts, HardenedArguments } from '../cluster/index.ts';
import { CONFIGURATION_FLAGS } from '../hardening/index.ts';

export interface Foreseen {
  /** The snap is there, and k8sd answers. */
  readonly installed?: { readonly channel: string | undefined };
  /** The snap follows another channel, or is of another file. */
  readonly refreshed?: { readonly channel: string; readonly file: string | undefined };
  /** Files and kernel parameters are as hardening asks. */
  readonly prepared?: boolean;
  /** The node has its encryption configuration. */
  readonly encrypted?: boolean;
}

export const NOTHING_FORESEEN: Foreseen = {};

const SERVICE = 'kube-apiserver';
const OPTION = 'encryption-at-rest';

export function foreseenAfter(change: ClusterChange): Foreseen | undefined {
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

/** Arguments no longer wait for what they name. */
export function foreseenArguments(
  hardened: HardenedArguments,
  { node, role }: ClusterFacts,
  { prepared, encrypted }: Foreseen,
): HardenedArguments {
  const ready = hardened.ready || prepared === true;
  if (!encrypted || node === undefined || role !== 'control-plane') return { ...hardened, ready };
  const asked = hardened.services[SERVICE];
  const askers = Object.fromEntries(Object.keys(CONFIGURATION_FLAGS).map((flag) => [flag, OPTION]));
  const all = { ...asked, flags: { ...asked?.flags, ...CONFIGURATION_FLAGS }, askers: { ...asked?.askers, ...askers } };
  return { ready, services: { ...hardened.services, [SERVICE]: all }, awaits: [] };
}
