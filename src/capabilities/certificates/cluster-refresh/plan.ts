/** What a unit has to do of a refresh of the whole cluster, and when the leader ends it: pure. */

import type { Change } from '../change.ts';
import type { CertificateFacts } from '../facts.ts';
import { renewableCertificates } from '../renewal/due.ts';
import { lifeToAsk } from '../renewal/lifetime.ts';
import { authorityLeft, sansOf } from '../renewal/plan-control-plane.ts';
import { workerObstacle } from '../renewal/plan-worker.ts';
import { describeProgress, LONGEST_MS, progressOf } from './progress.ts';
import type { Order } from './wire.ts';

/** The order that this unit has not carried out; it tries each once, and tells what came of it. */
export function pendingOrder({ clusterRefresh, renewal }: CertificateFacts): Order | undefined {
  const { order, report } = clusterRefresh;
  return order?.units.includes(renewal.unit) && report?.id !== order.id ? order : undefined;
}

/** Of a unit that has nothing else under way. */
export function planOrdered(facts: CertificateFacts, order: Order): readonly Change[] {
  const { inventory, node, now } = facts;
  const renewable = renewableCertificates(inventory, node);
  const expirationSeconds = lifeToAsk(order.seconds, authorityLeft(renewable, inventory, now));
  const names = renewable.map(({ name }) => name);
  const obstacle = node.role === 'worker' ? workerObstacle(node) : undefined;
  if (obstacle !== undefined) return [refuse(order, `its certificates ${obstacle}`)];
  if (names.length === 0) return [refuse(order, 'there is no certificate that k8sd could renew')];
  if (expirationSeconds === undefined) return [refuse(order, 'a CA of its certificates is at its end')];
  if (node.role === 'worker') return [{ kind: 'begin-renewal', expirationSeconds, order: order.id }];
  return [{ kind: 'renew', names, expirationSeconds, extraSans: sansOf(facts), order: order.id }];
}

function refuse({ id }: Order, failure: string): Change {
  return { kind: 'report-refresh', id, failure };
}

/** What is told of an order that is over is of no use to anybody. */
export function planReport({ clusterRefresh: { order, report } }: CertificateFacts): readonly Change[] {
  return report !== undefined && report.id !== order?.id ? [{ kind: 'clear-refresh-report' }] : [];
}

/** The leader's part. */
export function planOrderEnd({ clusterRefresh: { parts }, now }: CertificateFacts): readonly Change[] {
  const main = parts.find(({ peers }) => peers);
  const relations = parts.map(({ relation }) => relation);
  if (main === undefined) return relations.map((relation) => ({ kind: 'clear-refresh-order', relation }));
  const progress = progressOf(parts);
  const late = now.getTime() - main.order.at.getTime() > LONGEST_MS;
  if (progress.waiting.length > 0 && !late) return [];
  return [{ kind: 'end-cluster-refresh', order: main.order, relations, summary: describeProgress(progress) }];
}
