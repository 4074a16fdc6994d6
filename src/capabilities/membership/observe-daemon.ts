/** What k8sd tells of the node and the cluster. */

import { K8sdError, WaitingForUpgrade } from '../../clients/k8sd/errors.ts';
import type { K8sd, NodeStatus } from '../../clients/k8sd/k8sd.ts';
import type { NodeFacts } from './facts.ts';

const QUICK = { timeoutMs: 10_000 };

export async function observeDaemon(
  k8sd: K8sd,
): Promise<{ daemon: NodeFacts['daemon']; node: NodeStatus | undefined }> {
  if (!(await k8sd.ready(QUICK))) return { daemon: 'starting', node: undefined };
  try {
    return { daemon: 'ready', node: await k8sd.node(QUICK) };
  } catch (error) {
    if (error instanceof WaitingForUpgrade) return { daemon: 'upgrading', node: undefined };
    if (error instanceof K8sdError) return { daemon: 'starting', node: undefined };
    throw error;
  }
}

/** Undefined while k8sd cannot tell; the plan then waits. */
export async function askIfReady<T>(ask: (options: typeof QUICK) => Promise<T>): Promise<T | undefined> {
  try {
    return await ask(QUICK);
  } catch (error) {
    if (error instanceof K8sdError) return undefined;
    throw error;
  }
}
