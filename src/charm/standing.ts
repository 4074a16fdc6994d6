/** What a unit remembers for its status: how its node was when it was looked at last, and since when it has waited for what. */

import { parseReports, type Report } from '../core/report.ts';
import { formatWaits, parseWaits, type Waits, withWaits } from '../core/waits.ts';
import type { State } from '../juju/juju.ts';

const HEALTH_KEY = 'charm/health';
const WAITS_KEY = 'charm/waits';

/** Undefined when nobody has looked yet. */
export async function recallHealth(state: State): Promise<readonly Report[] | undefined> {
  return parseReports(await state.get(HEALTH_KEY));
}

export function rememberHealth(state: State, reports: readonly Report[]): void {
  state.set(HEALTH_KEY, JSON.stringify(reports));
}

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
