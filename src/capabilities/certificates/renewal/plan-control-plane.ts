/** Whether this control plane renews certificates now: pure. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { Change } from '../change.ts';
import type { CertificateFacts } from '../facts.ts';
import type { Examined } from '../inventory/examined.ts';
import { missingSans, sansToRequest } from '../sans.ts';
import { nextAttempt } from './attempts.ts';
import { dueTogether, type Renewable, renewableCertificates, secondsLeft } from './due.ts';
import { lifeToAsk } from './lifetime.ts';
import { endingAuthorities, firstEnd, notRenewed } from './obstacles.ts';

/** k8sd completes all certificates in every refresh, and refuses while one of these has ended. */
const AUTHORITIES: readonly string[] = ['ca', 'client-ca', 'front-proxy-ca'];

export interface RenewalPlan {
  readonly changes: readonly Change[];
  readonly reports: readonly UnitStatus[];
}

const NOTHING: RenewalPlan = { changes: [], reports: [] };

export function planControlPlaneRenewal(facts: CertificateFacts): RenewalPlan {
  const { inventory, node, now, renewal } = facts;
  const { renewBeforeSeconds, validitySeconds } = node.options;
  if (renewBeforeSeconds === undefined) return NOTHING;
  const due = dueTogether(renewableCertificates(inventory, node), renewBeforeSeconds, now);
  if (due.length === 0) return NOTHING;
  const ending = endingAuthorities(inventory, AUTHORITIES, renewBeforeSeconds, now);
  const over = ending.find(({ notAfter }) => notAfter <= now);
  if (over !== undefined) return { changes: [], reports: [notRenewed(due, over)] };
  const hopeless = due.filter(({ authority }) => ending.some(({ name }) => name === authority));
  const reports = ending.flatMap((authority) => {
    const theirs = hopeless.filter((one) => one.authority === authority.name);
    return theirs.length > 0 ? [notRenewed(theirs, authority)] : [];
  });
  const wanted = due.filter((one) => !hopeless.includes(one));
  const next = nextAttempt(renewal.failed, node.options, firstEnd(wanted));
  if (wanted.length === 0 || (next !== undefined && now < next)) return { changes: [], reports };
  const expirationSeconds = lifeToAsk(validitySeconds, authorityLeft(wanted, inventory, now));
  if (expirationSeconds === undefined || !gainsTime(wanted, expirationSeconds, now)) return { changes: [], reports };
  const names = wanted.map(({ name }) => name);
  return { changes: [{ kind: 'renew', names, expirationSeconds, extraSans: sansOf(facts) }], reports };
}

/** Of the authorities that sign them, the one that ends first. */
export function authorityLeft(wanted: readonly Renewable[], inventory: readonly Examined[], now: Date): number {
  const names = new Set(wanted.map(({ authority }) => authority));
  const ends = inventory.flatMap(({ name, notAfter }) => (names.has(name) && notAfter ? [{ notAfter }] : []));
  return Math.min(...ends.map((authority) => secondsLeft(authority, now)));
}

function gainsTime(wanted: readonly Renewable[], expirationSeconds: number, now: Date): boolean {
  return wanted.some((one) => secondsLeft(one, now) < expirationSeconds);
}

/** k8sd remembers no name from one refresh to the next, and puts those that it is asked for into both servers' certificates. */
export function sansOf({ inventory, node }: CertificateFacts): readonly string[] {
  const present = inventory.flatMap(({ name, sans }) => (name === 'apiserver' || name === 'kubelet' ? sans : []));
  return sansToRequest(present, missingSans(present, node.requiredSans));
}
