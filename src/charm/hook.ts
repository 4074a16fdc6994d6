/** What a hook does, whatever it is called: reconcile, look how things are, tell it. */

import { noteRunOut } from '../certificates/index.ts';
import { forgetLabels, type Health, observeHealth } from '../cluster/index.ts';
import { readForeign } from '../core/foreign-json.ts';
import { list, object, oneOf, text } from '../core/shapes.ts';
import { HookToolRefusal } from '../juju/errors.ts';
import type { Event } from '../juju/event.ts';
import { STATUS_WORDS, type UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { type Reconciliation, reconcile } from './reconcile.ts';
import type { Role } from './role.ts';
import { scoreReports } from './score.ts';
import { decideApplicationStatus, decideUnitStatus } from './status.ts';
import type { View } from './view.ts';

const HEALTH_KEY = 'charm/health';
const REPORTS = list(object({ status: oneOf(STATUS_WORDS), message: text(10_000) }));
/** Set while another unit of the machine has the port of the API server; `foreign` when it had it before we installed anything. */
const CONFLICT_KEY = 'charm/port-conflict';
const FOREIGN = 'foreign';

/** How long a node that has just changed gets to become ready before its status says that it is not. */
const SETTLE_MS = 20_000;
const POLL_MS = 1_000;

export async function runHook(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  if (await pruneSecret(doors)) return;
  const conflict = await openApiPort(doors, role);
  if (conflict?.foreign) return juju.setStatus(conflict.status);
  const { view, reports } = await reconcileAll(doors, role);
  const port = conflict === undefined ? [] : [conflict.status];
  await tell(doors, view, [...port, ...reports, ...(await scoreReports(doors, view))]);
  if (view.cluster.snap !== undefined) await juju.setWorkloadVersion(view.cluster.snap.version);
}

/** With what the API server tells of our node: labels that somebody else has changed are given to it again at once. */
async function reconcileAll(doors: Doors, role: Role): Promise<Omit<Reconciliation, 'changed'>> {
  const { view, reports, changed } = await reconcile(doors, role);
  if (view.cluster.leaving) return { view, reports };
  const { reports: health, strayLabels } = await healthOf(doors, view, changed);
  if (strayLabels.length === 0) return { view, reports: [...reports, ...health] };
  doors.juju.log.info(`labels of the node were changed by somebody else: ${strayLabels.join(', ')}`);
  await forgetLabels(doors.juju.state, strayLabels);
  const again = await reconcile(doors, role);
  return { view: again.view, reports: [...again.reports, ...health] };
}

/**
 * Reachable from outside only once the operator exposes the application. Asked for before anything is installed: where another unit of the
 * machine has the port, the node there is that unit's.
 * @returns what to tell when another unit of the machine has the port; `foreign` when nothing on the machine is ours.
 */
async function openApiPort({ juju }: Doors, role: Role): Promise<Conflict | undefined> {
  if (role !== 'control-plane') return undefined;
  const { kind } = juju.event;
  const known = await juju.state.get(CONFLICT_KEY);
  if (known === undefined && kind !== 'install' && kind !== 'start' && kind !== 'upgrade-charm') return undefined;
  try {
    await juju.openPort('6443/tcp');
    juju.state.set(CONFLICT_KEY, undefined);
    return undefined;
  } catch (error) {
    if (!(error instanceof HookToolRefusal) || !/conflicts/.test(error.message)) throw error;
    const foreign = kind === 'install' || known === FOREIGN;
    juju.state.set(CONFLICT_KEY, foreign ? FOREIGN : 'yes');
    const message = `Juju cannot open 6443/tcp: ${error.message}; remove this unit, and add one on a machine of its own`;
    return { foreign, status: { status: 'blocked', message } };
  }
}

interface Conflict {
  readonly foreign: boolean;
  readonly status: UnitStatus;
}

/** Status last: nothing after it may end the hook. */
async function tell({ juju }: Doors, view: View, reports: readonly UnitStatus[]): Promise<void> {
  const unit = decideUnitStatus(reports);
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
  const remembered = readForeign(await juju.state.get(HEALTH_KEY), REPORTS);
  if (!changed && remembered?.length === 0 && !isOccasion(juju.event)) return { reports: [], strayLabels: [] };
  const deadline = host.now().getTime() + (changed || juju.event.kind === 'start' ? SETTLE_MS : 0);
  let health = await observeHealth(doors, view.cluster);
  while (health.reports.length > 0 && host.now().getTime() < deadline) {
    await host.sleep(POLL_MS);
    health = await observeHealth(doors, view.cluster);
  }
  juju.state.set(HEALTH_KEY, JSON.stringify(health.reports));
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
