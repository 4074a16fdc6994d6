/** What a hook does, whatever it is called: reconcile, look how things are, report it. */

import type { Charm } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import type { Node } from '../core/node.ts';
import type { Report } from '../core/report.ts';
import type { Role } from '../core/role.ts';
import { inspectAll } from './inspections.ts';
import { forgetOutdatedFailures, reconcile } from './reconcile.ts';
import { entryReports } from './standing-reports.ts';
import { decideApplicationStatus, decideUnitStatus } from './status.ts';
import { rememberWaits, shownReports } from './waits.ts';

export async function runHook(clients: Clients, role: Role, charm: Charm): Promise<void> {
  const { juju } = clients;
  if (await pruneSecret(clients, charm)) return;
  const { obstacles, ends } = await admitAll(clients, role, charm);
  if (ends !== undefined) return juju.setStatus(ends);
  await forgetOutdatedFailures(clients);
  const refused = obstacles.map(({ name }) => name);
  const { node, reports } = await reconcileAll(clients, role, charm, refused);
  const found = [...obstacles.map(({ report }) => report), ...reports];
  await tell(clients, node, [...found, ...entryReports(node, found)]);
  if (node.snap !== undefined) await juju.setWorkloadVersion(node.snap.version);
}

interface Obstacle {
  /** Of the capability in whose way it stands. */
  readonly name: string;
  readonly report: Report;
}

/** Before anything is done: what stands in the way of a capability, and whether that ends the hook. */
async function admitAll(
  clients: Clients,
  role: Role,
  { capabilities, membership }: Charm,
): Promise<{ readonly obstacles: readonly Obstacle[]; readonly ends?: Report }> {
  const obstacles: Obstacle[] = [];
  for (const one of capabilities) {
    const owner = one === 'membership' ? membership : one;
    const found = await owner.admit?.(clients, role);
    if (found === undefined) continue;
    const { ends, ...report } = found;
    if (ends) return { obstacles, ends: report };
    obstacles.push({ name: owner.name, report });
  }
  return { obstacles };
}

/** What is found to be no longer as it was put is planned again at once. */
async function reconcileAll(
  clients: Clients,
  role: Role,
  charm: Charm,
  refused: readonly string[],
): Promise<{ readonly node: Node; readonly reports: readonly Report[] }> {
  const first = await reconcile(clients, role, charm);
  const inspection = await inspectAll(clients, charm, first.snapshot, {
    changed: first.changed,
    looks: false,
    refused,
  });
  const last = inspection.again ? await reconcile(clients, role, charm) : first;
  return { node: last.snapshot.node, reports: [...last.reports, ...inspection.reports] };
}

/** Status last: nothing after it may end the hook. */
async function tell({ juju, host }: Clients, node: Node, reports: readonly Report[]): Promise<void> {
  const { reports: shown, waits } = await shownReports(juju.state, reports, host.now());
  rememberWaits(juju.state, waits);
  const unit = decideUnitStatus(shown, juju.identity.unit);
  await juju.setStatus(unit);
  const application = decideApplicationStatus(node, unit);
  if (application !== undefined) await juju.setApplicationStatus(application);
}

/**
 * A revision that nobody reads any more, or that has run out, is removed; in a dispatch of its own, since Juju drops a new value
 * that is set beside a removal.
 */
async function pruneSecret(clients: Clients, { capabilities }: Charm): Promise<boolean> {
  const { event, secrets } = clients.juju;
  if (event.kind !== 'secret-remove' && event.kind !== 'secret-expired') return false;
  // What is to be renewed: its revision goes, and the rest of the dispatch asks for another.
  for (const one of capabilities) if (one !== 'membership' && (await one.renewsSecret?.(clients))) return false;
  // Without a revision all of the secret would go.
  if (event.revision !== undefined) await secrets.remove(event.uri, event.revision);
  return true;
}
