/** What a hook does, whatever it is called: reconcile, look how things are, tell it. */

import { noteRunOut } from '../certificates/index.ts';
import { forgetLabels, type Health, observeHealth } from '../cluster/index.ts';
import type { Report } from '../core/report.ts';
import type { Event } from '../juju/event.ts';
import { claimApiPort, settleApiPort } from './api-port.ts';
import { entryReports } from './current.ts';
import type { Doors } from './doors.ts';
import { forgetOutdatedFailures, type Reconciliation, reconcile } from './reconcile.ts';
import type { Role } from './role.ts';
import { scoreReports } from './score.ts';
import { sizeReports } from './size.ts';
import { recallHealth, rememberHealth, rememberWaits, shownReports } from './standing.ts';
import { decideApplicationStatus, decideUnitStatus } from './status.ts';
import type { View } from './view.ts';

/** How long a node that has just changed gets to become ready before its status says that it is not. */
const SETTLE_MS = 20_000;
const POLL_MS = 1_000;

export async function runHook(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  if (await pruneSecret(doors)) return;
  const conflict = await claimApiPort(doors, role);
  if (conflict?.foreign) return juju.setStatus(conflict.status);
  await forgetOutdatedFailures(doors);
  const { view, reports, changed } = await reconcileAll(doors, role);
  const port = conflict === undefined ? [] : [conflict.status];
  if (conflict === undefined) await settleApiPort(doors, view, changed);
  const found = [...port, ...reports, ...sizeReports(view), ...(await scoreReports(doors, view))];
  await tell(doors, view, [...found, ...entryReports(view, found)]);
  if (view.cluster.snap !== undefined) await juju.setWorkloadVersion(view.cluster.snap.version);
}

/** With what the API server tells of our node: labels that somebody else has changed are given to it again at once. */
async function reconcileAll(doors: Doors, role: Role): Promise<Reconciliation> {
  const { view, reports, changed } = await reconcile(doors, role);
  if (view.cluster.leaving) return { view, reports, changed };
  const { reports: health, strayLabels } = await healthOf(doors, view, changed);
  if (strayLabels.length === 0) return { view, reports: [...reports, ...health], changed };
  doors.juju.log.info(`labels of the node were changed by somebody else: ${strayLabels.join(', ')}`);
  await forgetLabels(doors.juju.state, strayLabels);
  const again = await reconcile(doors, role);
  return { view: again.view, reports: [...again.reports, ...health], changed: true };
}

/** Status last: nothing after it may end the hook. */
async function tell({ juju, host }: Doors, view: View, reports: readonly Report[]): Promise<void> {
  const { reports: shown, waits } = await shownReports(juju.state, reports, host.now());
  rememberWaits(juju.state, waits);
  const unit = decideUnitStatus(shown, juju.identity.unit);
  await juju.setStatus(unit);
  const application = decideApplicationStatus(view, unit);
  if (application !== undefined) await juju.setApplicationStatus(application);
}

/**
 * A revision that nobody reads any more, or that has run out, is removed; in a dispatch of its own, since Juju drops a new value
 * that is set beside a removal.
 */
async function pruneSecret({ juju }: Doors): Promise<boolean> {
  const { event } = juju;
  if (event.kind !== 'secret-remove' && event.kind !== 'secret-expired') return false;
  // A certificate of ours that is to be renewed: its revision goes, and the rest of the dispatch asks for another.
  if (await noteRunOut(juju)) return false;
  // Without a revision all of the secret would go.
  if (event.revision !== undefined) await juju.secrets.remove(event.uri, event.revision);
  return true;
}

/** Asks the API server when there is reason to: regularly, after changes, and while things were not well. Else remembers. */
async function healthOf(doors: Doors, view: View, changed: boolean): Promise<Health> {
  const { juju, host } = doors;
  const remembered = await recallHealth(juju.state);
  if (!changed && remembered?.length === 0 && !isOccasion(juju.event)) return { reports: [], strayLabels: [] };
  const deadline = host.now().getTime() + (changed || juju.event.kind === 'start' ? SETTLE_MS : 0);
  let health = await observeHealth(doors, view.cluster);
  while (health.reports.length > 0 && host.now().getTime() < deadline) {
    await host.sleep(POLL_MS);
    health = await observeHealth(doors, view.cluster);
  }
  rememberHealth(juju.state, health.reports);
  return health;
}

function isOccasion({ kind }: Event): boolean {
  return (
    kind === 'update-status' ||
    kind === 'start' ||
    kind === 'upgrade-charm' ||
    kind === 'config-changed' ||
    kind === 'leader-elected'
  );
}
