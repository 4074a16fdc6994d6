/** The one place that decides a status: the worst report wins, the rest follow in the message. */

import { describeCensus, takeCensus } from '../cluster/index.ts';
import { STATUS_WORDS, type UnitStatus } from '../juju/status.ts';
import type { View } from './view.ts';

/** Juju takes longer ones, but `juju status` is a table. */
const LONGEST = 500;

export function decideUnitStatus(reports: readonly UnitStatus[]): UnitStatus {
  const sorted = [...reports].sort((a, b) => rank(a) - rank(b));
  const worst = sorted[0];
  if (worst === undefined) return { status: 'active', message: 'Ready' };
  const messages = [...new Set(sorted.map(({ message }) => message))];
  const text = worst.status === 'active' ? ['Ready', ...messages].join('; ') : messages.join('; ');
  return { status: worst.status, message: oneLine(text) };
}

/** What the leader says for the application: how large the cluster is, and what the leader itself waits for. */
export function decideApplicationStatus({ cluster }: View, unit: UnitStatus): UnitStatus | undefined {
  if (cluster.role !== 'control-plane' || !cluster.leader || cluster.leaving) return undefined;
  if (cluster.node === undefined) return unit;
  const census = describeCensus(takeCensus(cluster));
  return unit.status === 'active'
    ? { status: 'active', message: census }
    : { status: unit.status, message: oneLine(`${census}; ${unit.message}`) };
}

function rank({ status }: UnitStatus): number {
  return STATUS_WORDS.indexOf(status);
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}
