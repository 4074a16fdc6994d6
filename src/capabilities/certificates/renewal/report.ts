/** What the status says of a refresh that failed: pure. The node is well with its former certificates, but somebody wanted new ones. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { CertificateFacts } from '../facts.ts';
import { MANY_ATTEMPTS, nextAttempt } from './attempts.ts';
import { dueTogether, renewableCertificates } from './due.ts';
import { firstEnd } from './obstacles.ts';

export function failureReports(facts: CertificateFacts): readonly UnitStatus[] {
  const { failure, renewal } = facts;
  if (!failure) return [];
  const next = nextRenewal(facts);
  if (next === undefined) return [{ status: 'active', message: failure }];
  const status = (renewal.failed?.count ?? 0) < MANY_ATTEMPTS ? 'active' : 'blocked';
  return [{ status, message: `${failure}; tried again after ${minute(next)}` }];
}

/** Undefined when nothing is to be renewed, or it is not known to have failed. */
function nextRenewal({ inventory, node, now, renewal }: CertificateFacts): Date | undefined {
  const { renewBeforeSeconds } = node.options;
  if (renewBeforeSeconds === undefined) return undefined;
  const due = dueTogether(renewableCertificates(inventory, node), renewBeforeSeconds, now);
  return due.length === 0 ? undefined : nextAttempt(renewal.failed, node.options, firstEnd(due));
}

function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
