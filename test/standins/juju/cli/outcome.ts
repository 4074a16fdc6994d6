/** Results of tasks as `juju run` and `juju exec` print them. */

import { stringify } from 'yaml';
import type { ActionOutcome } from '../model.ts';
import type { FlagKinds } from './arguments.ts';
import { CommandFailure } from './failure.ts';
import type { Session } from './session.ts';

export type UnitOutcome = ActionOutcome & { readonly unit: string };

export const TASK_FLAGS: FlagKinds = {
  background: 'boolean',
  wait: 'text',
  format: 'text',
  o: 'text',
  output: 'text',
  utc: 'boolean',
  color: 'boolean',
  'no-color': 'boolean',
};

/** Prints them as soon as they are there; what else the model does may take longer. */
export function printOutcomes(session: Session, outcomes: readonly UnitOutcome[], format = 'plain'): void {
  session.print(formatOutcomes(outcomes, format));
}

/**
 * Gives 0, or throws the words of Juju when a program has failed. An action that says itself that it failed, as charms do with
 * `action-fail`, is shown as failed and is no failure of `juju run`.
 */
export function exitCodeOf(outcomes: readonly UnitOutcome[]): number {
  const failed = outcomes.filter((outcome) => returnCode(outcome) > 0);
  if (failed.length === 0) return 0;
  const plural = failed.length > 1 ? 's' : '';
  const list = failed.map((outcome) => ` - id "${outcome.id}" with return code ${returnCode(outcome)}`).join('\n');
  throw new CommandFailure(
    `the following task${plural} failed:\n${list}\n\nuse 'juju show-task' to inspect the failure${plural}`,
  );
}

function returnCode({ results }: UnitOutcome): number {
  const code = Number(results['return-code']);
  return Number.isInteger(code) ? code : -1;
}

const ADDED_BY_JUJU = ['return-code', 'stdout', 'stderr', 'stdout-encoding', 'stderr-encoding'];

function formatOutcomes(outcomes: readonly UnitOutcome[], format: string): string {
  if (format === 'json' || format === 'yaml') {
    const all = Object.fromEntries(outcomes.map((outcome) => [outcome.unit, asData(outcome)]));
    return format === 'json' ? `${JSON.stringify(all)}\n` : stringify(all, { lineWidth: 0 });
  }
  if (format !== 'plain')
    throw new CommandFailure(`invalid value "${format}" for option --format: unknown format "${format}"`, 2);
  const [only] = outcomes;
  if (outcomes.length === 1 && only) return plain(only);
  const all = outcomes.map((outcome) => {
    const { id, status, message } = outcome;
    const output = ownResults(outcome);
    return [outcome.unit, { id: String(id), ...(message === '' ? {} : { message }), output, status }];
  });
  return stringify(Object.fromEntries(all), { lineWidth: 0 });
}

export function asData({
  id,
  unit,
  status,
  message,
  results,
  log,
}: Omit<UnitOutcome, 'status'> & { readonly status: string }): Record<string, unknown> {
  return {
    id: String(id),
    ...(log.length === 0 ? {} : { log }),
    ...(message === '' ? {} : { message }),
    results,
    status,
    unit,
  };
}

function ownResults({ results }: UnitOutcome): string {
  const own = Object.fromEntries(Object.entries(results).filter(([key]) => !ADDED_BY_JUJU.includes(key)));
  return Object.keys(own).length === 0 ? '' : stringify(own, { lineWidth: 0 });
}

/** The results alone, then what was printed. */
function plain(outcome: UnitOutcome): string {
  const failed = outcome.status === 'failed' ? `Action id ${outcome.id} failed: ${outcome.message}\n` : '';
  const printed = ['stdout', 'stderr'].flatMap((stream) => {
    const text = outcome.results[stream];
    return typeof text === 'string' && text !== '' ? [`${text.replace(/^\n+|\n+$/g, '')}\n`] : [];
  });
  return `${failed}${ownResults(outcome)}\n${printed.join('')}`;
}
