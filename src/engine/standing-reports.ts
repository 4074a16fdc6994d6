/** What stands in the way of a unit as it is now, without changing anything: what a hook would say in its status. */

import type { Charm } from '../core/capability.ts';
import { jointIdentity } from '../core/change-identity.ts';
import type { Clients } from '../core/clients.ts';
import type { Node } from '../core/node.ts';
import type { Report } from '../core/report.ts';
import { lockReport, sortDisruptive } from './gate/disruptive.ts';
import { turn } from './gate/pool.ts';
import { seatIn } from './gate/rolling.ts';
import { inspectAll } from './inspections.ts';
import { isDisruptive } from './planned.ts';
import type { Snapshot } from './snapshot.ts';
import { shownReports } from './waits.ts';

/** A unit that is in no cluster is not ready, even where nothing says what it waits for. */
export function entryReports({ member, leaving }: Node, reports: readonly Report[]): readonly Report[] {
  const silent = reports.every(({ status }) => status === 'active');
  if (member !== undefined || leaving || !silent) return [];
  return [{ status: 'waiting', message: 'Waiting to become a member of a cluster' }];
}

/** Worst first is for the status to decide; these are in the order in which a hook finds them. */
export async function standingReports(clients: Clients, charm: Charm, snapshot: Snapshot): Promise<readonly Report[]> {
  const { juju, host } = clients;
  const inspection = await inspectAll(clients, charm, snapshot, { changed: false, looks: true });
  const found = [...snapshot.reports, ...disruptiveReports(clients, snapshot), ...inspection.reports];
  const all = [...found, ...entryReports(snapshot.node, found)];
  return (await shownReports(juju.state, all, host.now())).reports;
}

/** Why disruptive changes are not made: they failed, or another unit is at it. */
function disruptiveReports({ juju, host }: Clients, { node, changes }: Snapshot): readonly Report[] {
  const { unit } = juju.identity;
  const seat = seatIn(node, unit, host.now());
  const { failures } = node;
  const { open, reports } = sortDisruptive(changes.filter(isDisruptive), {
    unit,
    seat,
    failures,
    now: host.now(),
  });
  if (open.length === 0 || seat === undefined) return reports;
  if (seat.among === 'workers') {
    // How many may hold it at once is the leader's to know: a worker waits when it has asked.
    const asked = turn(seat, jointIdentity(open.map(({ id }) => id)), '');
    return asked.kind === 'wait' ? [...reports, lockReport(seat, asked.holder, open)] : reports;
  }
  const holder = seat.holders.find((one) => one.unit !== unit);
  return holder === undefined ? reports : [...reports, lockReport(seat, holder, open)];
}
