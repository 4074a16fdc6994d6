/** Waits that should end by themselves, and since when they have lasted: one that has lasted too long is one for an operator. Pure. */

import { readForeign } from './foreign-json.ts';
import { formatMinute } from './minute.ts';
import type { Report } from './report.ts';
import { record, timestamp } from './shapes.ts';

/** When each wait began, RFC 3339, by its key. */
export type Waits = Readonly<Record<string, string>>;

const MOST = 32;

/** @returns the reports as they are to be shown, and what to remember: the waits that go on. */
export function withWaits(
  reports: readonly Report[],
  before: Waits,
  now: Date,
): { readonly reports: readonly Report[]; readonly waits: Waits } {
  const waits: Record<string, string> = {};
  const shown = reports.map((report) => {
    const { lasts } = report;
    if (lasts === undefined || report.status !== 'waiting' || Object.keys(waits).length >= MOST) return report;
    const since = before[lasts.key] ?? now.toISOString();
    waits[lasts.key] = since;
    return now.getTime() - Date.parse(since) < lasts.atMostMs ? report : overdue(report, since, lasts.way);
  });
  return { reports: shown, waits };
}

function overdue({ message }: Report, since: string, way: string | undefined): Report {
  const command = way === undefined ? '' : `; ${way}`;
  return { status: 'blocked', message: `${message} (since ${formatMinute(new Date(since))})${command}` };
}

export function formatWaits(waits: Waits): string | undefined {
  return Object.keys(waits).length === 0 ? undefined : JSON.stringify(waits);
}

/** Whatever is no wait is left out: then it counts from now on. */
export function parseWaits(written: string | undefined): Waits {
  return readForeign(written, record(timestamp)) ?? {};
}
