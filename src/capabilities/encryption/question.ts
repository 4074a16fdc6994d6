/** What encryption has to know of the node and its cluster. */

import type { Node } from '../../core/node.ts';
import { CONFIGURATION_FLAG } from './configuration.ts';
import type { EncryptionQuestion } from './facts.ts';
import type { EncryptionOptions } from './options.ts';

const SERVICE = 'kube-apiserver';

/** @returns undefined while there is nothing to be said of the unit. */
export function questionOf(node: Node, options: EncryptionOptions): EncryptionQuestion | undefined {
  const place = placeOf(node);
  const { peers, leader, snap, services, argumentFiles, controlPlanes } = node;
  if (place === undefined || peers === undefined) return undefined;
  const { operator = {}, present = {} } = services[SERVICE] ?? {};
  return {
    place,
    leader,
    installed: snap !== undefined,
    relation: peers.id,
    own: peers.own,
    shared: peers.shared,
    others: controlPlanes,
    flag: present[CONFIGURATION_FLAG] ?? operator[CONFIGURATION_FLAG] ?? undefined,
    restarted: argumentFiles[SERVICE]?.restarted ?? true,
    datastore: present,
    options,
  };
}

function placeOf({ leaving, problems, member, snap, daemon, founds }: Node): EncryptionQuestion['place'] | undefined {
  if (leaving || problems.length > 0 || member?.role === 'worker') return undefined;
  if (member !== undefined) return 'member';
  // Before it answers, k8sd may be that of a cluster.
  if (snap !== undefined && daemon !== 'ready') return undefined;
  if (founds) return 'founding';
  return snap === undefined ? undefined : 'joining';
}
