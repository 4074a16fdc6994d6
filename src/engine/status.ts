/** The one place that decides a status: the worst report wins, the rest follow in the message. */

import { STATUS_WORDS, type UnitStatus } from '../clients/juju/status.ts';
import type { Node } from '../core/node.ts';
import { shorten } from '../core/shorten.ts';

/** Juju takes longer ones, but `juju status` is a table. */
const LONGEST = 500;
/** What fits beside the first message; the rest is counted, and told by the action `plan`. */
const COMFORTABLE = 200;

/** @param unit whose action `plan` tells the rest of the messages; undefined where they are told beside it. */
export function decideUnitStatus(reports: readonly UnitStatus[], unit: string | undefined): UnitStatus {
  const sorted = [...reports].sort((a, b) => rank(a) - rank(b));
  const worst = sorted[0];
  if (worst === undefined) return { status: 'active', message: 'Ready' };
  const messages = [...new Set(sorted.map(({ message }) => oneLine(message)))];
  const [first = '', ...others] = messages;
  const beginning = worst.status === 'active' ? `Ready; ${first}` : first;
  return { status: worst.status, message: fitting([beginning, ...others], unit) };
}

/** As many as fit, and at least the first; the others are counted. */
function fitting(messages: readonly string[], unit: string | undefined): string {
  const shown: string[] = [];
  for (const message of messages) {
    if (shown.length > 0 && [...shown, message].join('; ').length > COMFORTABLE) break;
    shown.push(message);
  }
  const hidden = messages.length - shown.length;
  const where = unit === undefined ? ' (see reports)' : `: juju run ${unit} plan`;
  const more = hidden === 0 ? '' : `; ${hidden} more${where}`;
  return `${shorten(shown.join('; '), LONGEST - more.length)}${more}`;
}

/** What the leader says for the application: how large the cluster is, and what the leader itself waits for. */
export function decideApplicationStatus(
  { role, leader, leaving, member, census }: Pick<Node, 'role' | 'leader' | 'leaving' | 'member' | 'census'>,
  unit: UnitStatus,
): UnitStatus | undefined {
  if (role !== 'control-plane' || !leader || leaving) return undefined;
  if (member === undefined || census === undefined) return unit;
  return unit.status === 'active'
    ? { status: 'active', message: census }
    : { status: unit.status, message: shorten(`${census}; ${oneLine(unit.message)}`, LONGEST) };
}

function rank({ status }: UnitStatus): number {
  return STATUS_WORDS.indexOf(status);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
