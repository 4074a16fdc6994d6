/** What stands in the way of a unit as it is now, without changing anything: what a hook would say in its status. */

import { holderOf, observeHealth, rollingOf } from '../cluster/index.ts';
import type { Report } from '../core/report.ts';
import { lockReport, sortDisruptive } from './disruptive.ts';
import type { Doors } from './doors.ts';
import { sharedWith } from './reconcile.ts';
import { sizeReports } from './size.ts';
import { shownReports } from './standing.ts';
import type { View } from './view.ts';

/** A unit that is in no cluster is not ready, even where nothing says what it waits for. */
export function entryReports({ cluster }: View, reports: readonly Report[]): readonly Report[] {
  const silent = reports.every(({ status }) => status === 'active');
  if (cluster.node !== undefined || cluster.leaving || !silent) return [];
  return [{ status: 'waiting', message: 'Waiting to become a member of a cluster' }];
}

/** Worst first is for the status to decide; these are in the order in which a hook finds them. */
export async function standingReports(doors: Doors, view: View): Promise<readonly Report[]> {
  const { juju, host } = doors;
  const { cluster } = view;
  const now = host.now();
  const health = cluster.leaving ? [] : (await observeHealth(doors, cluster)).reports;
  const found = [...view.reports, ...disruptiveReports(doors, view), ...health, ...sizeReports(view)];
  return (await shownReports(juju.state, [...found, ...entryReports(view, found)], now)).reports;
}

/** Why disruptive changes are not made: they failed, or another unit is at it. */
function disruptiveReports({ juju, host }: Doors, view: View): readonly Report[] {
  const shared = sharedWith(view);
  const rolling = shared && rollingOf(shared);
  const { unit } = juju.identity;
  const wanted = view.changes.filter(({ disruptive }) => disruptive);
  const { failures } = view.cluster.memory;
  const { open, reports } = sortDisruptive(wanted, { unit, rolling, failures, now: host.now() });
  const holder = rolling && holderOf(rolling);
  const waits = open.length > 0 && holder !== undefined && holder.unit !== unit;
  return waits ? [...reports, lockReport(holder, open)] : reports;
}
