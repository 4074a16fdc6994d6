/**
 * The action `plan`: what the next dispatches would change, in order, and what the unit waits for; as it is, or as it would be with other
 * options. It writes nothing anywhere.
 */

import { holderOf, type Rolling, rollingOf } from '../../cluster/index.ts';
import { formatMinute } from '../../core/minute.ts';
import { refuseUnknown } from '../../core/parameters.ts';
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
import type { View } from '../view.ts';
import { readWhatIf, withOptions } from '../what-if.ts';

/** Of a line: values such as lists of cipher suites are longer than a terminal is wide. */
const LONGEST_LINE = 160;

export async function plan(present: Doors, role: Role): Promise<void> {
  const { juju } = present;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['config']);
  const settings = await readWhatIf(parameters['config'], role);
  const doors = withOptions(present, role, settings);
  const { view, changes, rounds } = await foreseeChanges(doors, role);
  const reports = [...(await standingReports(doors, view)), ...(await scoreReports(doors, view, { notes: false }))];
  const rolling = rollingWithOthers(view);
  const shared = rolling !== undefined;
  const disruptive = changes.flatMap((change, index) => (change.disruptive ? [index + 1] : []));
  const { status, message } = decideUnitStatus([...reports, ...pending(changes)], undefined);
  await juju.actions.setResults({
    changes:
      changes.length === 0
        ? 'nothing to change'
        : changes.map((change, index) => numbered(change, index, shared)).join('\n'),
    count: changes.length,
    ...(rounds.length < 2 ? {} : { rounds: spans(rounds).join(', ') }),
    ...(disruptive.length === 0 ? {} : { disruptive: disruptive.join(', ') }),
    ...(rolling === undefined || disruptive.length === 0 ? {} : { 'rollout-lock': lockState(rolling) }),
    // Their names only: some values are secret.
    ...(settings.size === 0 ? {} : { assumed: [...settings.keys()].sort().join(', ') }),
    status: `${status}: ${message}`,
    ...(reports.length === 0 ? {} : { reports: reports.map(asLine).join('\n') }),
  });
}

/** Undefined where no other control-plane node could suffer. */
function rollingWithOthers(view: View): Rolling | undefined {
  const shared = sharedWith(view);
  return shared !== undefined && shared.peers.units.size > 0 ? rollingOf(shared) : undefined;
}

function lockState(rolling: Rolling): string {
  const holder = holderOf(rolling);
  if (holder === undefined) return 'free; the leader grants it to one unit at a time';
  const work = holder.work === '' ? '' : ` (${holder.work})`;
  return `${holder.unit === rolling.unit ? 'this unit' : holder.unit} has held it since ${formatMinute(holder.since)}${work}`;
}

/** The numbers of the changes of each round: `1-3`, `4`. */
function spans(rounds: readonly number[]): readonly string[] {
  let last = 0;
  return rounds.map((size) => {
    const first = last + 1;
    last += size;
    return first === last ? `${first}` : `${first}-${last}`;
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
