/** `GET k8sd/node`. */

import { readArguments } from '../node/arguments.ts';
import { paths } from '../node/paths.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import type { Call } from './routes.ts';

export async function nodeStatus({ machine }: Call): Promise<Reply> {
  const member = machine.state.k8sd.member;
  const args = await machine.files.read(`${paths.args}/kubelet`);
  if (member === undefined || args === undefined)
    throw new K8sdRefusal(500, `failed to check node's taints: open ${paths.args}/kubelet: no such file or directory`);
  // With no taints there is one, and it is empty.
  const taints = (readArguments(args)['--register-with-taints'] ?? '').split(',');
  const controlPlane = member.role === 'control-plane';
  return {
    metadata: {
      status: {
        name: member.name,
        address: controlPlane ? `${machine.address}:6400` : machine.address,
        'cluster-role': member.role,
        ...(controlPlane ? { 'datastore-role': 'voter' } : {}),
      },
      taints,
    },
  };
}
