/** What is found out about where a unit's certificates come from, and the few forms that it takes whatever their origin. */

import type { Juju } from '../../../clients/juju/juju.ts';
import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { PlannedChange } from '../../../core/capability.ts';
import { changeIdentity, sentenceIdentity } from '../../../core/change-identity.ts';
import type { GivenCertificates } from '../../../core/contribution.ts';
import type { BriefAuthority } from '../given/brevity.ts';
import type { IssuedCertificates } from '../given/take-issued.ts';
import { MINIMUM_CA_VALIDITY } from '../options.ts';
import { describeRelationChange, type RelationChange, relationEssence } from '../relation/change.ts';
import type { RelationPlan } from '../relation/plan.ts';

/** The endpoint on which a CA charm is asked. */
export const ENDPOINT = 'certificates';

/** From here on k8sd takes certificates that were issued outside of it once the node runs. */
export const OLDEST_MINOR = 33;

/** With PEM, never described. */
export type SourceChange = RelationChange | ({ readonly kind: 'take-issued' } & IssuedCertificates);

export interface Trust {
  readonly given: GivenCertificates;
  readonly changes: readonly PlannedChange<SourceChange>[];
  readonly reports: readonly UnitStatus[];
}

/** k8sd makes all by itself. */
export const NOTHING_GIVEN: GivenCertificates = { pems: {}, chain: '' };

export const NOTHING: Trust = { given: NOTHING_GIVEN, changes: [], reports: [] };

/** Dispatches in which a provider was asked or answered: Juju drops a secret's new value when the secret goes in the same dispatch. */
const busy = new WeakSet<Juju>();

export function wasAsked(juju: Juju): boolean {
  return busy.has(juju);
}

export function asked(juju: Juju): void {
  busy.add(juju);
}

/** Something is told whenever something is missing. */
export function waitingTrust(
  given: GivenCertificates,
  changes: readonly PlannedChange<SourceChange>[],
  reports: readonly UnitStatus[],
): Trust {
  const silent = given.pems === undefined && reports.length === 0;
  const waiting: UnitStatus = { status: 'waiting', message: 'Waiting for the certificates of the CA charm' };
  return { given, changes, reports: silent ? [waiting] : reports };
}

/** The node is not made. */
export function refusedTrust(...messages: readonly string[]): Trust {
  return { given: { pems: undefined, chain: '' }, changes: [], reports: messages.map(blocked) };
}

export function plannedRelation({ changes }: Pick<RelationPlan, 'changes'>): readonly PlannedChange<SourceChange>[] {
  return changes.map((change) => ({
    change,
    id: changeIdentity({ domain: 'relation', ...relationEssence(change) }),
    description: describeRelationChange(change),
    disruption: 'none',
  }));
}

/**
 * @param names of the certificates.
 * @param prints fingerprints: what has failed is not tried again, but the next certificate is.
 * @param words `put … into service (fingerprints)`, as earlier revisions called it.
 */
export function takeIssuedChange(
  { names, pems }: IssuedCertificates,
  essence: { readonly kind: string; readonly prints: unknown },
  words: string,
  work: string,
): PlannedChange<SourceChange> {
  return {
    change: { kind: 'take-issued', names, pems },
    id: changeIdentity({ domain: 'trust', kind: essence.kind, names, prints: essence.prints }),
    formerId: sentenceIdentity(words),
    description: words,
    work,
    disruption: 'restart',
  };
}

/** @param application our own. @param provider the CA charm's. */
export function tooBrief(
  { name, commonName, notAfter, days }: BriefAuthority,
  application: string,
  provider: string,
): UnitStatus {
  return blocked(
    `${provider}: the CA certificate ${JSON.stringify(commonName.slice(0, 64))} for ${name} ends ${notAfter.toISOString().slice(0, 10)}, in ${days} days, and a cluster cannot change its CAs (${MINIMUM_CA_VALIDITY}). Remove the relation, have it issue for longer (self-signed-certificates: juju config ${provider} root-ca-validity=7300d certificate-validity=3650d) and integrate again; or juju config ${application} ${MINIMUM_CA_VALIDITY}=${Math.max(1, days - 1)}d`,
  );
}

export function blocked(message: string): UnitStatus {
  return { status: 'blocked', message };
}
