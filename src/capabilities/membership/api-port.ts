/** The port of the API server, which can be reached from outside once the operator exposes the application: open while there is one. */

import { HookToolRefusal } from '../../clients/juju/errors.ts';
import type { Clients } from '../../core/clients.ts';
import type { Report } from '../../core/report.ts';
import type { Role } from '../../core/role.ts';
import type { ClusterFacts } from './facts.ts';

const PORT = '6443/tcp';
/** Set while another unit of the machine has the port of the API server; `foreign` when it had it before we installed anything. */
const CONFLICT_KEY = 'charm/port-conflict';
const FOREIGN = 'foreign';

/**
 * Asked for before anything is installed: where another unit of the machine has the port, the node there is that unit's.
 * @returns what to tell when another unit of the machine has the port; `ends` when nothing on the machine is ours.
 */
export async function claimApiPort(
  { juju }: Clients,
  role: Role,
): Promise<(Report & { readonly ends: boolean }) | undefined> {
  if (role !== 'control-plane') return undefined;
  const { kind } = juju.event;
  const known = await juju.state.get(CONFLICT_KEY);
  if (known === undefined && kind !== 'install' && kind !== 'start' && kind !== 'upgrade-charm') return undefined;
  try {
    await juju.openPort(PORT);
    juju.state.set(CONFLICT_KEY, undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof HookToolRefusal) || !/conflicts/.test(error.message)) throw error;
    const foreign = kind === 'install' || known === FOREIGN;
    juju.state.set(CONFLICT_KEY, foreign ? FOREIGN : 'yes');
    const message = `Juju cannot open ${PORT}: ${error.message}; remove this unit, and add one on a machine of its own`;
    return { status: 'blocked', message, ends: foreign };
  }
}

/** Closed again where it turns out that there is no node, and open from when there is one. Looked at only when that can have changed. */
export async function settleApiPort({ juju }: Clients, facts: ClusterFacts, changed: boolean): Promise<void> {
  const { kind } = juju.event;
  const occasion = changed || kind === 'install' || kind === 'start' || kind === 'upgrade-charm';
  if (facts.role !== 'control-plane' || facts.leaving || !occasion) return;
  if (facts.node !== undefined) await juju.openPort(PORT);
  // While k8sd starts, nobody knows whether there is a node.
  else if (facts.daemon === 'absent' || facts.daemon === 'ready') await juju.closePort(PORT);
}
