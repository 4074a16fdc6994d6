/** The action `plan`: what the next dispatches would change, in order, and what the unit waits for. It writes nothing anywhere. */

import type { Report } from '../../core/report.ts';
import { shorten } from '../../core/shorten.ts';
import { standingReports } from '../current.ts';
import type { Doors } from '../doors.ts';
import type { PlannedChange } from '../planned-change.ts';
import { sharedWith } from '../reconcile.ts';
import type { Role } from '../role.ts';
import { foreseeChanges } from '../rounds.ts';
import { scoreReports } from '../score.ts';
import { decideUnitStatus } from '../status.ts';
import { refuseUnknown } from './parameters.ts';

/** Of a line: values such as lists of cipher suites are longer than a terminal is wide. */
const LONGEST_LINE = 160;

export async function plan(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  refuseUnknown(await juju.actions.parameters(), []);
  const { view, changes } = await foreseeChanges(doors, role);
  const reports = [...(await standingReports(doors, view)), ...(await scoreReports(doors, view, { notes: false }))];
  const shared = (sharedWith(view)?.peers.units.size ?? 0) > 0;
  const { status, message } = decideUnitStatus([...reports, ...pending(changes)], undefined);
  await juju.actions.setResults({
    changes:
      changes.length === 0
        ? 'nothing to change'
        : changes.map((change, index) => numbered(change, index, shared)).join('\n'),
    count: changes.length,
    status: `${status}: ${message}`,
    ...(reports.length === 0 ? {} : { reports: reports.map(asLine).join('\n') }),
  });
}

function numbered(change: PlannedChange, index: number, shared: boolean): string {
  const { line, details } = change.inPlan ?? { line: change.description, details: [] };
  const lock = change.disruptive && shared ? ' (with the rollout lock)' : '';
  return [
    shorten(`${index + 1}. ${line}${lock}`, LONGEST_LINE),
    ...details.map((detail) => shortenValue(`   ${detail}`)),
  ].join('\n');
}

/** A flag keeps its name, however long its value is. */
function shortenValue(line: string): string {
  return line.length <= LONGEST_LINE ? line : `${line.slice(0, LONGEST_LINE - 1)}…`;
}

function asLine({ status, message }: Report): string {
  return `${status}: ${message}`;
}

/** A unit with changes before it is not settled, whatever else is well. */
function pending(changes: readonly PlannedChange[]): readonly Report[] {
  if (changes.length === 0) return [];
  const restarts = changes.filter(({ disruptive }) => disruptive).length;
  const which = restarts === 0 ? '' : `, ${restarts} of which restart${restarts === 1 ? 's' : ''} services`;
  const message = `${changes.length} change${changes.length === 1 ? '' : 's'} pending${which}`;
  return [{ status: 'maintenance', message }];
}
