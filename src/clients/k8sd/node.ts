/** The node that this daemon is, and the control planes that it knows. */
import type { Call } from './call.ts';
import { NotInitialised } from './errors.ts';
import type { CallOptions, ClusterMember, NodeStatus } from './k8sd.ts';
import { validate as membersProblems } from './members.schema.json?validator';
import { validate as nodeProblems } from './node-status.schema.json?validator';

interface NodeAnswer {
  readonly status: { readonly name: string; readonly address: string; readonly 'cluster-role'?: string };
  readonly taints?: readonly string[] | null;
}

/** Undefined while the node is in no cluster. */
export async function node(call: Call, options: CallOptions): Promise<NodeStatus | undefined> {
  try {
    const { status, taints } = await call<NodeAnswer>(
      { method: 'GET', path: '/1.0/k8sd/node', check: nodeProblems },
      options,
    );
    return { name: status.name, address: status.address, role: roleOf(status['cluster-role']), taints: named(taints) };
  } catch (error) {
    if (error instanceof NotInitialised) return undefined;
    throw error;
  }
}

/** On a worker: only itself, since each worker has a database of its own. */
export async function members(call: Call, options: CallOptions): Promise<readonly ClusterMember[]> {
  const answer = await call<readonly ClusterMember[] | null>(
    { method: 'GET', path: '/core/1.0/cluster', check: membersProblems },
    options,
  );
  return (answer ?? []).map(({ name, address, role, status }) => ({ name, address, role, status }));
}

function roleOf(role: string | undefined): NodeStatus['role'] {
  return role === 'control-plane' || role === 'worker' ? role : 'unknown';
}

/** Without taints k8sd answers one empty text, as it splits an empty argument. */
function named(taints: readonly string[] | null | undefined): readonly string[] {
  return (taints ?? []).filter((taint) => taint !== '');
}
