/** Since when a unit has waited for what: it remembers that for its status. */

import type { State } from '../clients/juju/juju.ts';
import type { Report } from '../core/report.ts';
import { formatWaits, parseWaits, type Waits, withWaits } from '../core/waits.ts';

const WAITS_KEY = 'charm/waits';

/** The reports as the status shows them: a wait that has lasted too long is blocked. */
export async function shownReports(
  state: State,
  reports: readonly Report[],
  now: Date,
): Promise<{ readonly reports: readonly Report[]; readonly waits: Waits }> {
  return withWaits(reports, parseWaits(await state.get(WAITS_KEY)), now);
}

export function rememberWaits(state: State, waits: Waits): void {
  state.set(WAITS_KEY, formatWaits(waits));
}
