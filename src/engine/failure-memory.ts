/** Disruptive changes that failed on this unit, as it remembers them. */

import type { State } from '../clients/juju/juju.ts';
import { type Failure, formatFailures, parseFailures } from '../core/failures.ts';

/** As earlier revisions called it. */
const KEY = 'cluster/failures';

export async function recallFailures(state: State): Promise<readonly Failure[]> {
  return parseFailures(await state.get(KEY));
}

export function rememberFailures(state: State, failures: readonly Failure[]): void {
  state.set(KEY, formatFailures(failures));
}
