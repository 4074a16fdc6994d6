/** Certificates that a provider issues for each unit: waited for before the node comes into being, and exchanged in turn once it runs. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { PlannedChange } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import type { Node } from '../../../core/node.ts';
import { daysUntil } from '../../../core/validity.ts';
import type { NodeIdentity } from '../facts.ts';
import { briefAuthority, expiredAuthority } from '../given/brevity.ts';
import { dueForExchange } from '../given/exchange.ts';
import { servingToGive, servingWishes } from '../given/external.ts';
import { certificateInService, serverAuthority } from '../given/in-service.ts';
import type { CertificateOptions } from '../options.ts';
import { collectCertificates } from '../relation/collect.ts';
import { foreignAuthority } from '../relation/foreign-authority.ts';
import { observeRelation } from '../relation/observe.ts';
import { planRelation, type RelationPlan } from '../relation/plan.ts';
import type { Standing } from '../relation/standing.ts';
import type { CertificateWish } from '../relation/wish.ts';
import {
  blocked,
  ENDPOINT,
  NOTHING_GIVEN,
  OLDEST_MINOR,
  plannedRelation,
  refusedTrust,
  type SourceChange,
  type Trust,
  takeIssuedChange,
  tooBrief,
  waitingTrust,
} from './trust-plan.ts';

/**
 * @param identity undefined while the node is in no cluster.
 * @param options of the certificates: how long a CA has to last.
 * @param authority PEM of the one that the cluster is to trust, where it is known before there is a cluster.
 */
export async function withServing(
  clients: Clients,
  node: Node,
  identity: NodeIdentity | undefined,
  options: CertificateOptions,
  authority?: string,
): Promise<Trust> {
  const { juju, host } = clients;
  const { role, minor, name: nodeName, member } = node;
  if (member === undefined && node.snap && minor < OLDEST_MINOR)
    return refusedTrust(`bootstrap-certificates=external needs snap 1.${OLDEST_MINOR} or newer; this is 1.${minor}`);
  const { boundAddresses: addresses, apiServerSans: apiServer } = node;
  const wishes = servingWishes({ role, nodeName, addresses, apiServer });
  const facts = await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() });
  const plan = planRelation(facts);
  const changes = plannedRelation(plan);
  if (member !== undefined) {
    if (identity === undefined) return { given: NOTHING_GIVEN, changes, reports: plan.reports };
    const issued = await planIssued(clients, identity, wishes, plan);
    const reports = [...plan.reports, ...issued.reports];
    return {
      given: NOTHING_GIVEN,
      changes: [...changes, ...issued.changes],
      reports: await withLifeLeft(clients, identity, wishes, reports),
    };
  }
  const birth = role === 'worker' ? 'worker' : node.founds ? 'bootstrap' : 'control-plane';
  const given = servingToGive({
    issued: await collectCertificates(juju, ENDPOINT, wishes, plan.standing),
    birth,
    nodeName,
    authority: birth === 'bootstrap' ? authority : (node.certificates.authority ?? ''),
    etcd: node.managedEtcd,
    now: host.now(),
  });
  const provider = facts.relation?.application ?? '';
  const refusals = given.problems.map((problem) =>
    blocked(
      birth === 'bootstrap'
        ? bootstrapRefusal(problem, provider, authority !== undefined)
        : joinRefusal(problem, provider),
    ),
  );
  const brief =
    birth === 'bootstrap' && authority === undefined && given.pems !== undefined
      ? briefAuthority({ ca: given.authority }, options.minimumCaSeconds, host.now())
      : undefined;
  const tooShort = brief === undefined ? [] : [tooBrief(brief, juju.identity.application, provider)];
  const pems = brief === undefined ? given.pems : undefined;
  return waitingTrust({ pems, chain: given.authority }, changes, [...plan.reports, ...refusals, ...tooShort]);
}

/** A node that joins can use what the cluster trusts, and nothing else. */
function joinRefusal(problem: string, provider: string): string {
  return problem.includes(FOREIGN)
    ? `What ${provider} has issued does not come from the CA that this cluster trusts, so that this unit cannot join. ${WAYS}`
    : `The CA charm's ${problem}`;
}

/** @param brought whether the operator has named the CA, which then is not the CA charm's to choose. */
function bootstrapRefusal(problem: string, provider: string, brought: boolean): string {
  return brought && problem.includes(FOREIGN)
    ? `${provider} signs with another CA than ca-crt in ca-certificates; put the CA certificate of ${provider} there, or integrate certificates with a CA charm that has the key of ca-crt`
    : `The CA charm's ${problem}`;
}

/** As `examine.ts` says it. */
const FOREIGN = 'is not signed by the CA';
const WAYS =
  'k8sd keeps the CA of its bootstrap: have the first CA sign (with its key, through manual-tls-certificates), or move to another cluster; see Use a certificate authority of your own';

/** Of a node that runs with others: what was issued is looked at, and put into service in turn. */
async function planIssued(
  clients: Clients,
  identity: NodeIdentity,
  wishes: readonly CertificateWish[],
  { standing, changes }: RelationPlan,
): Promise<{ readonly changes: readonly PlannedChange<SourceChange>[]; readonly reports: readonly UnitStatus[] }> {
  const { juju, host } = clients;
  const found = wishes.map(async ({ id }) => ({
    id,
    standing: standing.get(id),
    inService: await certificateInService(host.files, identity.role, id),
  }));
  const names = dueForExchange(await Promise.all(found), host.now());
  const due = wishes.filter(({ id }) => names.includes(id));
  const trusted = await serverAuthority(host.files);
  const reports = await authorityReports(clients, trusted);
  if (due.length === 0 || changes.length > 0) return { changes: [], reports };
  const { pems, problems } = servingToGive({
    issued: await collectCertificates(juju, ENDPOINT, due, standing),
    birth: identity.role,
    nodeName: identity.nodeName,
    authority: trusted,
    etcd: false,
    now: host.now(),
  });
  if (pems === undefined) {
    // Why it is so has been said with the CA.
    const own = reports.length > 0 ? [] : problems.map((problem) => blocked(`The CA charm's ${problem}`));
    return { changes: [], reports: [...reports, ...own] };
  }
  const prints = due.map(({ id }) => printOf(standing.get(id))).join(', ');
  const change = takeIssuedChange(
    { names, pems },
    { kind: 'take-issued', prints },
    `put what was issued for ${names.join(' and ')} into service (${prints})`,
    `putting certificates of the CA charm into service (${names.join(', ')})`,
  );
  return { changes: [change], reports };
}

/** k8sd keeps the CA that it was given at bootstrap: with its end, and with the end of what it has signed, the cluster ends. */
async function authorityReports({ juju, host }: Clients, trusted: string): Promise<readonly UnitStatus[]> {
  const now = host.now();
  const over = expiredAuthority(trusted, now);
  if (over !== undefined)
    return [
      blocked(
        `The CA of this cluster expired on ${over.toISOString().slice(0, 10)}: nobody accepts anything that it has signed, and k8sd takes no other. Deploy another cluster and restore what runs here there`,
      ),
    ];
  const foreign = await foreignAuthority(juju, ENDPOINT, trusted);
  return foreign === undefined
    ? []
    : [
        blocked(
          `${foreign.application} signs with another CA now (${foreign.commonName}), of which this cluster can use nothing. ${WAYS}`,
        ),
      ];
}

/** Whatever is wrong with the next certificates, those in service go on for a while. */
async function withLifeLeft(
  { host }: Clients,
  { role }: NodeIdentity,
  wishes: readonly CertificateWish[],
  reports: readonly UnitStatus[],
): Promise<readonly UnitStatus[]> {
  if (reports.length === 0) return [];
  const found = await Promise.all(wishes.map(({ id }) => certificateInService(host.files, role, id)));
  const ends = found
    .flatMap((each) => (each === undefined ? [] : [each.notAfter]))
    .toSorted((a, b) => Number(a) - Number(b));
  const [end] = ends;
  if (end === undefined) return reports;
  const day = end.toISOString().slice(0, 10);
  const left = daysUntil(end, host.now());
  const service =
    left < 0 ? `what is in service expired on ${day}` : `what is in service stays, until ${day} (${left} days)`;
  return reports.map(({ status, message }) => ({ status, message: `${message}; ${service}` }));
}

function printOf(standing: Standing | undefined): string {
  return standing?.state === 'issued' ? standing.fingerprint.slice(0, 11) : '';
}
