/** Whether this worker begins to renew its certificates now: pure. It renews all that k8sd issues for it or none, as k8sd takes all at once. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { CertificateFacts, NodeIdentity } from '../facts.ts';
import { EARLY_SECONDS } from '../inventory/findings.ts';
import { OLDEST_MINOR } from '../refresh-worker.ts';
import { thresholdOf } from '../threshold.ts';
import { nextAttempt } from './attempts.ts';
import { type Renewable, renewableCertificates, secondsLeft } from './due.ts';
import { lifeToAsk } from './lifetime.ts';
import { endingAuthorities, firstEnd, listed, notRenewed } from './obstacles.ts';
import { authorityLeft, type RenewalPlan } from './plan-control-plane.ts';
import { spread } from './spread.ts';

/** What it asks the API server with. */
const CLIENT = 'kubelet.conf';

export function planWorkerRenewal(facts: CertificateFacts): RenewalPlan {
  const { inventory, node, now, renewal, relation } = facts;
  const { renewBeforeSeconds } = node.options;
  const own = renewableCertificates(inventory, node);
  if (renewBeforeSeconds === undefined || own.length === 0) return only();
  const obstacle = workerObstacle(node);
  if (obstacle !== undefined) return only(...reportsOf(obstacle, own, now));
  if (relation === undefined || !own.some((one) => isDue(one, renewal.unit, renewBeforeSeconds, now))) return only();
  const ended = own.find(({ name, notAfter }) => name === CLIENT && notAfter <= now);
  if (ended !== undefined) return only(STRANGER);
  const authorities = own.map(({ authority }) => authority);
  const ending = endingAuthorities(inventory, authorities, renewBeforeSeconds, now);
  if (ending[0] !== undefined) return only(notRenewed(own, ending[0]));
  const next = nextAttempt(renewal.failed, node.options, firstEnd(own));
  if (next !== undefined && now < next) return only();
  const expirationSeconds = lifeToAsk(node.options.validitySeconds, authorityLeft(own, inventory, now));
  const gains = expirationSeconds !== undefined && own.some((one) => secondsLeft(one, now) < expirationSeconds);
  return gains ? { changes: [{ kind: 'begin-renewal', expirationSeconds }], reports: [] } : only();
}

const STRANGER: UnitStatus = {
  status: 'blocked',
  message: `The certificate of ${CLIENT} has ended, and the API server takes no requests of this node any more: remove the unit and add another`,
};

function only(...reports: readonly UnitStatus[]): RenewalPlan {
  return { changes: [], reports };
}

export function isDue(one: Renewable, unit: string, wanted: number, now: Date): boolean {
  const threshold = thresholdOf(one, wanted);
  return secondsLeft(one, now) < threshold - spread(unit, threshold);
}

/** Why k8sd cannot renew a worker's certificates, with the way out; undefined when it can. */
export function workerObstacle({ minor }: NodeIdentity): string | undefined {
  return minor < OLDEST_MINOR
    ? `cannot be renewed below snap 1.${OLDEST_MINOR}: refresh the snap, or replace this unit`
    : undefined;
}

/** Said long before: it takes a maintenance window, or another machine. */
function reportsOf(obstacle: string, own: readonly Renewable[], now: Date): readonly UnitStatus[] {
  const ending = own.filter((one) => secondsLeft(one, now) < thresholdOf(one, EARLY_SECONDS));
  if (ending.length === 0) return [];
  const end = firstEnd(ending).toISOString().slice(0, 10);
  return [{ status: 'active', message: `${listed(ending)} end ${end} and ${obstacle}` }];
}
