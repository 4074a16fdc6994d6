/** Why the daemon's database does not answer, in k8sd's words. */

import type { NodeMachine } from '../node/machine.ts';
import type { ClusterState } from '../state.ts';
import { K8sdRefusal } from './envelope.ts';

export function databaseProblem(machine: NodeMachine): string | undefined {
  const member = machine.state.k8sd.member;
  if (member === undefined) return 'Database is not yet initialized';
  if (!machine.k8sd.ready) return 'Database is still starting';
  if (member.role === 'worker') return undefined;
  const behind = machine.site
    .cluster(member.cluster)
    .members.filter((other) => (machine.site.machines.get(other.machine)?.minor ?? 0) < machine.minor);
  if (behind.length === 0) return undefined;
  return `Database is waiting for an upgrade: ${behind.length} cluster members have not yet received the update`;
}

/** The cluster of a node that is in one. Throws 503. */
export function clusterOf(machine: NodeMachine): ClusterState {
  const member = machine.state.k8sd.member;
  if (member === undefined) throw new K8sdRefusal(503, 'Database is not yet initialized');
  return machine.site.cluster(member.cluster);
}
