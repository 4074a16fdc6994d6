/** Waiting for a model to come to rest. */

import { formatLogEntry, type LogEntry } from './log.ts';
import type { UnitAgent } from './unit-agent.ts';

/** The model did not come to rest, or came to rest in error. */
export class NotSettled extends Error {
  override readonly name = 'NotSettled';
}

const LAST_LINES = 40;

export function notSettled(reason: string, agents: readonly UnitAgent[], log: readonly LogEntry[]): NotSettled {
  const units = agents.map(({ unit }) => {
    const doing = unit.operation ? ` [${unit.operation.step}: ${unit.operation.hook.kind}]` : '';
    return `  ${unit.name}: ${unit.workload.status} "${unit.workload.message}", agent ${unit.agent.status} "${unit.agent.message}"${doing}`;
  });
  const lines = log.slice(-LAST_LINES).map((entry) => `  ${formatLogEntry(entry)}`);
  return new NotSettled([reason, ...units, 'last log lines:', ...lines].join('\n'));
}
