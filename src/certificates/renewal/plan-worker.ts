/** Whether this worker begins to renew its certificates now: pure. It renews all of them or none, as k8sd takes them. */

import type { UnitStatus } from '../../juju/status.ts';
import type { CertificateFacts, NodeIdentity } from '../facts.ts';
import { EARLY_SECONDS } from '../inventory/findings.ts';
import { WORKER_NAMES } from '../names.ts';
import { OLDEST_MINOR } from '../refresh-worker.ts';
import { nextAttempt } from './attempts.ts';
import { type Renewable, renewableCertificates, renewalThreshold, secondsLeft } from './due.ts';
import { lifeToAsk } from './lifetime.ts';
import { endingAuthorities, firstEnd, listed, notRenewed } from './obstacles.ts';
import type { RenewalPlan } from './plan-control-plane.ts';
import { spread } from './spread.ts';

const AUTHORITIES: readonly string[] = ['ca', 'client-ca'];

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
  const ending = endingAuthorities(inventory, AUTHORITIES, renewBeforeSeconds, now);
  if (ending[0] !== undefined) return only(notRenewed(own, ending[0]));
  const next = nextAttempt(renewal.failed, node.options, firstEnd(own));
  if (next !== undefined && now < next) return only();
  const expirationSeconds = lifeToAsk(node.options.validitySeconds, authoritiesLeft(facts));
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
  const threshold = renewalThreshold(one, wanted);
  return secondsLeft(one, now) < threshold - spread(unit, threshold);
}

/** Why k8sd cannot renew a worker's certificates, with the way out; undefined when it can. It takes all of them or none. */
export function workerObstacle({ minor, managers }: NodeIdentity): string | undefined {
  if (WORKER_NAMES.some((name) => (managers[name] ?? 'snap') !== 'snap'))
    return 'cannot be renewed beside one that somebody else issues: replace this unit';
  return minor < OLDEST_MINOR
    ? `cannot be renewed below snap 1.${OLDEST_MINOR}: refresh the snap, or replace this unit`
    : undefined;
}

/** Said long before: it takes a maintenance window, or another machine. */
function reportsOf(obstacle: string, own: readonly Renewable[], now: Date): readonly UnitStatus[] {
  const ending = own.filter((one) => secondsLeft(one, now) < renewalThreshold(one, EARLY_SECONDS));
  if (ending.length === 0) return [];
  const end = firstEnd(ending).toISOString().slice(0, 10);
  return [{ status: 'active', message: `${listed(ending)} end ${end} and ${obstacle}` }];
}

function authoritiesLeft({ inventory, now }: CertificateFacts): number {
  const ends = inventory.flatMap(({ name, notAfter }) =>
    AUTHORITIES.includes(name) && notAfter ? [{ notAfter }] : [],
  );
  return Math.min(...ends.map((authority) => secondsLeft(authority, now)));
}
