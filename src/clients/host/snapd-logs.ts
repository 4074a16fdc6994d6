/** What a service of a snap has written last: snapd reads it from the journal, and gives it as JSON text sequences (RFC 7464). */

import { exchangeWithSnapd, SnapdConnectionFailure } from './snapd-exchange.ts';

const TIMEOUT_MS = 10_000;
const RECORD = '\u001e';
/** Of one line; a service may write as much as it likes. */
const LONGEST_LINE = 4_000;

/** Oldest first. None where snapd does not answer, or has nothing: a log is looked into to explain something else. */
export async function serviceLog(socketPath: string, service: string, count: number): Promise<readonly string[]> {
  const path = `/v2/logs?${new URLSearchParams({ names: service, n: String(count) })}`;
  try {
    const { status, text } = await exchangeWithSnapd(socketPath, { method: 'GET', path }, TIMEOUT_MS);
    return status === 200 ? text.split(RECORD).flatMap(messageOf).slice(-count) : [];
  } catch (error) {
    if (error instanceof SnapdConnectionFailure) return [];
    throw error;
  }
}

function messageOf(record: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(record);
    const message = typeof value === 'object' && value !== null ? (value as { message?: unknown }).message : undefined;
    return typeof message === 'string' ? [message.slice(0, LONGEST_LINE)] : [];
  } catch {
    return [];
  }
}
