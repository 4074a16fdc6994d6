/** What of the certificates has to be done next: pure. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import type { RefreshNote } from './backup.ts';
import type { Change } from './change.ts';
import { pendingOrder, planOrderEnd, planOrdered, planReport } from './cluster-refresh/plan.ts';
import type { CertificateFacts } from './facts.ts';
import { keyOf } from './given/secret-keys.ts';
import { expiryReports, servedReports } from './inventory/expiry-status.ts';
import { planControlPlaneRenewal } from './renewal/plan-control-plane.ts';
import { planWorkerRenewal } from './renewal/plan-worker.ts';
import { failureReports } from './renewal/report.ts';
import { wishesInTurn } from './renewal/slots.ts';
import type { RequestJournal } from './request-journal.ts';
import { requiredSansOf } from './required-sans.ts';
import { missingSans, sansToRequest } from './sans.ts';
import { formatWish } from './wire.ts';

export interface CertificatePlan {
  readonly changes: readonly Change[];
  readonly reports: readonly UnitStatus[];
}

/** How long a worker waits for a decision: a control plane of another make never takes one. */
const DECISION_MS = 60 * 60_000;

/** A renewal waits for others to come to their end. Kubernetes deletes requests that nobody has decided a day after they were made. */
const RENEWAL_DECISION_MS = 12 * DECISION_MS;

const DAY_SECONDS = 86_400;

export function planCertificates(facts: CertificateFacts): CertificatePlan {
  const { changes, reports } = facts.node.role === 'control-plane' ? planControlPlane(facts) : planWorker(facts);
  const clearing: readonly Change[] = facts.leftovers ? [{ kind: 'clear-leftovers' }] : [];
  return {
    changes: [...clearing, ...planReport(facts), ...planOrderEnd(facts), ...changes],
    reports: [...reports, ...planWarnings(facts)],
  };
}

function planWarnings({ inventory, node, now, servedOtherwise }: CertificateFacts): readonly UnitStatus[] {
  const { role, managers, options } = node;
  return [
    ...expiryReports(inventory, { role, managers, now, warnSeconds: options.warnSeconds }),
    ...servedReports(role, servedOtherwise),
  ];
}

function planControlPlane(facts: CertificateFacts): CertificatePlan {
  if (facts.note) return finishing(facts.note);
  const decisions: readonly Change[] = [
    ...wishesInTurn(facts.wishes, facts.renewal.approvedAt, facts.now).map(
      (wish): Change => ({ kind: 'decide-requests', wish }),
    ),
    ...facts.spent.map((decision): Change => ({ kind: 'clear-decision', decision })),
  ];
  const order = pendingOrder(facts);
  const renewal = order ? { changes: planOrdered(facts, order), reports: [] } : planControlPlaneRenewal(facts);
  const renewed = renewal.changes.flatMap((change) => (change.kind === 'renew' ? change.names : []));
  // A renewal brings the missing names along.
  const sans = renewed.includes('apiserver') ? [] : planSans(facts);
  return {
    changes: [...decisions, ...sans, ...renewal.changes],
    reports: [...failureReports(facts), ...renewal.reports, ...missingNames(facts)],
  };
}

/** Before anything else: its copies are of what was good. */
function finishing(note: RefreshNote): CertificatePlan {
  return { changes: [{ kind: 'finish-refresh', note }], reports: [] };
}

/** The new certificates get as long a life as the API server's was given, but do not outlive their CA. */
function planSans(facts: CertificateFacts): readonly Change[] {
  const { apiServer, authority, now } = facts;
  if (apiServer === undefined) return [];
  const lacking = lackingNames(facts);
  const missing = [...new Set(lacking.flatMap((each) => each.missing))].toSorted();
  if (missing.length === 0) return [];
  const given = seconds(apiServer.notBefore, apiServer.notAfter);
  const left = authority === undefined ? given : seconds(now, authority.notAfter) - DAY_SECONDS;
  const days = Math.floor(Math.min(given, left) / DAY_SECONDS);
  return [
    {
      kind: 'refresh-sans',
      names: lacking.map(({ name }) => name),
      missing,
      // Each that is selected gets all of them.
      extraSans: sansToRequest([...new Set(lacking.flatMap(({ sans }) => sans))], missing),
      expirationSeconds: Math.max(1, days) * DAY_SECONDS,
    },
  ];
}

/**
 * What is served here and lacks a name or an address that the unit has by now: who connects to kubelet by its new address is refused as
 * much as who connects to the API server. From a provider they come with all names, or are asked for anew.
 */
function lackingNames({ apiServer, inventory, node }: CertificateFacts) {
  const kubelet = inventory.find(({ name, notAfter }) => name === 'kubelet' && notAfter !== undefined);
  const present = { apiserver: apiServer?.sans, kubelet: kubelet?.sans };
  const required = requiredSansOf(node);
  return (['apiserver', 'kubelet'] as const).flatMap((name) => {
    const sans = present[name];
    if (sans === undefined || node.managers[name] !== undefined) return [];
    const missing = missingSans(sans, required[name] ?? []);
    return missing.length === 0 ? [] : [{ name, sans, missing }];
  });
}

/** What k8sd does not issue, somebody else has to issue with all names. A CA charm is asked for them. */
function missingNames({ apiServer, node, renewal }: CertificateFacts): readonly UnitStatus[] {
  if (node.managers['apiserver'] !== 'operator') return [];
  const missing = missingSans(apiServer?.sans ?? [], node.requiredSans);
  if (apiServer === undefined || missing.length === 0) return [];
  const key = keyOf(renewal.unit, 'apiserver-crt');
  const message = `The API server's certificate lacks ${missing.join(', ')}; put one that has all names into the secret of ca-certificates, as ${key}`;
  return [{ status: 'blocked', message }];
}

function idleWorker(facts: CertificateFacts): CertificatePlan {
  const { announced, relation } = facts;
  const clearing: readonly Change[] = announced && relation ? [{ kind: 'clear-announcement', relation }] : [];
  const order = relation && pendingOrder(facts);
  const { changes, reports } = order ? { changes: planOrdered(facts, order), reports: [] } : planWorkerRenewal(facts);
  return { changes: [...clearing, ...changes], reports: [...failureReports(facts), ...reports] };
}

function planWorker(facts: CertificateFacts): CertificatePlan {
  const { note, journal, announced, relation, decision, now } = facts;
  if (journal === undefined && note) return finishing(note);
  if (journal === undefined) return idleWorker(facts);
  if (journal.issued) return { changes: [{ kind: 'take-certificates', journal }], reports: [] };
  if (relation === undefined)
    return {
      changes: [{ kind: 'give-up-refresh', reason: 'the integration with the control plane is gone' }],
      reports: [],
    };
  if (decision?.id === journal.id)
    return {
      changes: [
        decision.approved
          ? { kind: 'take-certificates', journal }
          : { kind: 'give-up-refresh', reason: `the control plane denied it: ${decision.reason}` },
      ],
      reports: [],
    };
  if (facts.approvedByHand) return { changes: [{ kind: 'take-certificates', journal }], reports: [] };
  if (announced !== formatWish(journal))
    return { changes: [{ kind: 'announce-requests', relation, journal }], reports: [] };
  if (now.getTime() - Date.parse(journal.requestedAt) > (journal.renewal ? RENEWAL_DECISION_MS : DECISION_MS))
    return {
      changes: [
        {
          kind: 'give-up-refresh',
          reason: `no control plane has decided on it within ${journal.renewal ? '12 hours' : 'an hour'}`,
        },
      ],
      reports: [],
    };
  return {
    changes: [],
    reports: [{ status: 'waiting', message: `${WAITING}${facts.decides === false ? byHand(journal) : ''}` }],
  };
}

const WAITING = 'Waiting for the control plane to approve the certificate requests';

function byHand({ requests }: RequestJournal): string {
  const names = requests.map(({ object }) => object).join(' ');
  return `; if it is one of the Python charms, which does not, on a control plane: sudo k8s kubectl certificate approve ${names}`;
}

function seconds(from: Date, to: Date): number {
  return Math.round((to.getTime() - from.getTime()) / 1000);
}
