/** Results of actions as `juju run` prints them. */

import { stringify } from 'yaml';
import type { ActionOutcome } from '../model.ts';

export type UnitOutcome = ActionOutcome & { readonly unit: string };

/** Plain: the results alone when one unit was asked, without what Juju added when there is nothing in it. */
export function formatOutcome(outcomes: readonly UnitOutcome[], format: string): string {
  if (format === 'json' || format === 'yaml') {
    const all = Object.fromEntries(
      outcomes.map(({ unit, status, message, results, log }) => [unit, { unit, status, message, results, log }]),
    );
    return format === 'json' ? `${JSON.stringify(all)}\n` : stringify(all);
  }
  const [only] = outcomes;
  if (outcomes.length === 1 && only) return plain(only);
  return outcomes.map((outcome) => `${outcome.unit}:\n${plain(outcome).replace(/^(?=.)/gm, '  ')}`).join('');
}

function plain({ results }: UnitOutcome): string {
  const own = Object.fromEntries(
    Object.entries(results).filter(([key]) => key !== 'return-code' && key !== 'stdout' && key !== 'stderr'),
  );
  const yaml = Object.keys(own).length === 0 ? '' : stringify(own, { lineWidth: 0 });
  const output = typeof results['stdout'] === 'string' ? results['stdout'] : '';
  return yaml + output;
}
