/** What is found out about where a unit's certificates come from, and the few forms that it takes whatever their origin. */

import {
  applyRelation,
  type BriefAuthority,
  describeRelationChange,
  MINIMUM_CA_VALIDITY,
  type RelationChange,
  type RelationPlan,
  relationEssence,
} from '../certificates/index.ts';
import { type GivenCertificates, NOTHING_GIVEN } from '../cluster/index.ts';
import type { Juju } from '../juju/juju.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { identify, type PlannedChange } from './planned-change.ts';

/** The endpoint on which a CA charm is asked. */
export const ENDPOINT = 'certificates';

/** From here on k8sd takes certificates that were issued outside of it once the node runs. */
export const OLDEST_MINOR = 33;

export interface Trust {
  readonly given: GivenCertificates;
  readonly changes: readonly PlannedChange[];
  readonly reports: readonly UnitStatus[];
}

export const NOTHING: Trust = { given: NOTHING_GIVEN, changes: [], reports: [] };

/** Dispatches in which a provider was asked or answered: Juju drops a secret's new value when the secret goes in the same dispatch. */
const busy = new WeakSet<Juju>();

export function wasAsked(juju: Juju): boolean {
  return busy.has(juju);
}

/** Something is told whenever something is missing. */
export function waitingTrust(
  given: GivenCertificates,
  changes: readonly PlannedChange[],
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

export function plannedRelation(doors: Doors, { changes }: Pick<RelationPlan, 'changes'>): readonly PlannedChange[] {
  return changes.map((change) => plannedChange(doors, change));
}

function plannedChange(doors: Doors, change: RelationChange): PlannedChange {
  return {
    id: identify('relation', relationEssence(change)),
    description: describeRelationChange(change),
    disruptive: false,
    apply: () => {
      busy.add(doors.juju);
      return applyRelation(doors.juju, ENDPOINT, change);
    },
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
