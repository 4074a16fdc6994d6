/**
 * The action `plan`: what the next dispatches would change, in order, and what the unit waits for; as it is, or as it would be with other
 * options. It writes nothing anywhere.
 */

import type { Charm } from '../../core/capability.ts';
import type { Clients } from '../../core/clients.ts';
import { refuseUnknown } from '../../core/parameters.ts';
import type { Report } from '../../core/report.ts';
import type { Role } from '../../core/role.ts';
import { shorten } from '../../core/shorten.ts';
import type { EngineAction } from '../engine-action.ts';
import { heldBy } from '../gate/disruptive.ts';
import type { Seat } from '../gate/pool.ts';
import { seatIn } from '../gate/rolling.ts';
import { isDisruptive, type Planned } from '../planned.ts';
import { foreseeChanges } from '../rounds.ts';
import { standingReports } from '../standing-reports.ts';
import { decideUnitStatus } from '../status.ts';
import { readWhatIf, withOptions } from '../what-if.ts';

/** Of a line: values such as lists of cipher suites are longer than a terminal is wide. */
const LONGEST_LINE = 160;

export const plan: EngineAction = { looks: true, run };

async function run(present: Clients, role: Role, charm: Charm): Promise<void> {
  const { juju, host } = present;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['config']);
  const settings = await readWhatIf(parameters['config'], role, charm);
  const clients = withOptions(present, role, charm, settings);
  const { snapshot, changes, rounds } = await foreseeChanges(clients, role, charm);
  const reports = await standingReports(clients, charm, snapshot);
  const seat = seatIn(snapshot.node, juju.identity.unit, host.now());
  const shared = seat?.alone === false ? seat : undefined;
  const disruptive = changes.flatMap((change, index) => (isDisruptive(change) ? [index + 1] : []));
  const { status, message } = decideUnitStatus([...reports, ...pending(changes)], undefined);
  await juju.actions.setResults({
    changes:
      changes.length === 0
        ? 'nothing to change'
        : changes.map((change, index) => numbered(change, index, shared !== undefined)).join('\n'),
    count: changes.length,
    ...(rounds.length < 2 ? {} : { rounds: spans(rounds).join(', ') }),
    ...(disruptive.length === 0 ? {} : { disruptive: disruptive.join(', ') }),
    ...(shared === undefined || disruptive.length === 0 ? {} : { 'rollout-lock': lockState(shared) }),
    // Their names only: some values are secret.
    ...(settings.size === 0 ? {} : { assumed: [...settings.keys()].sort().join(', ') }),
    status: `${status}: ${message}`,
    ...(reports.length === 0 ? {} : { reports: reports.map(asLine).join('\n') }),
  });
}

/** Of many holders those that are named. */
const MOST_NAMED = 3;

function lockState({ among, unit, holders, held }: Seat): string {
  if (holders.length > 0) {
    const named = holders
      .slice(0, MOST_NAMED)
      .map((one) => heldBy({ ...one, unit: one.unit === unit ? 'this unit' : one.unit }));
    const more = holders.length - named.length;
    return [...named, ...(more > 0 ? [`${more} more`] : [])].join('; ');
  }
  if (held !== undefined) return `free, and no worker gets it now: ${held}`;
  return among === 'workers'
    ? 'free; the leader of the control plane grants it to as many workers as its option rollout-parallelism says'
    : 'free; the leader grants it to one unit at a time';
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

function numbered(change: Planned, index: number, shared: boolean): string {
  const { line, details } = change.inPlan ?? { line: change.description, details: [] };
  const lock = isDisruptive(change) && shared ? ' (with the rollout lock)' : '';
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
function pending(changes: readonly Planned[]): readonly Report[] {
  if (changes.length === 0) return [];
  const restarts = changes.filter(isDisruptive).length;
  const which = restarts === 0 ? '' : `, ${restarts} of which restart${restarts === 1 ? 's' : ''} services`;
  const message = `${changes.length} change${changes.length === 1 ? '' : 's'} pending${which}`;
  return [{ status: 'maintenance', message }];
}
