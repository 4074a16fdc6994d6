/**
 * The operator's own certificates, in the secret that the option `ca-certificates` names: authorities, which k8sd gets at bootstrap,
 * and for each authority that comes without its key the certificates of each unit. What API server and kubelet serve may then be issued
 * by a CA charm instead, whose authority it has to be.
 */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { KeptAuthorities } from '../../../core/certificate-mode.ts';
import type { Clients } from '../../../core/clients.ts';
import type { Node } from '../../../core/node.ts';
import type { NodeIdentity } from '../facts.ts';
import { clusterAuthorities } from '../given/authorities.ts';
import { type BriefAuthority, briefAuthority } from '../given/brevity.ts';
import type { Pems } from '../given/fields.ts';
import { certificateInService } from '../given/in-service.ts';
import { exchangeableLeaves } from '../given/leaves.ts';
import { leavesForBirth, nextLeaves, type OwnLeavesQuestion } from '../given/own-leaves.ts';
import { changedAuthorities, providedToGive, strangeKeys } from '../given/provided.ts';
import { type CertificateOptions, MINIMUM_CA_VALIDITY } from '../options.ts';
import { requiredSansOf } from '../required-sans.ts';
import { withServing } from './issued.ts';
import { issuedFields, nameOf } from './managers.ts';
import { blocked, NOTHING, OLDEST_MINOR, refusedTrust, type Trust, takeIssuedChange } from './trust-plan.ts';

const OPTION = 'ca-certificates';

export interface ProvidedTrust {
  readonly trust: Trust;
  /** Whether something is wanted of a CA charm. */
  readonly asks: boolean;
}

/** @param identity undefined while the node is in no cluster. */
export async function withProvided(
  clients: Clients,
  node: Node,
  identity: NodeIdentity | undefined,
  options: CertificateOptions,
): Promise<ProvidedTrust> {
  if (node.founds) return forBootstrap(clients, node, options);
  const kept = node.certificates.kept;
  if (Object.keys(kept).length === 0) return { trust: await afterwards(clients, node), asks: false };
  const issued = await issuedFields(clients, node.role, kept);
  const part: Part = { kept, issued, secret: await readSecret(clients, node) };
  const trust =
    node.member === undefined ? forJoin(clients, node, part) : await forMember(clients, node, identity, part);
  if (issued.length === 0) return { trust, asks: false };
  return { trust: joined(trust, await withServing(clients, node, identity, options)), asks: true };
}

/** What is there of the secret, or why it is not. */
type Secret = { readonly content: Pems } | { readonly problem: string; readonly set: boolean };

interface Part {
  readonly kept: KeptAuthorities;
  readonly issued: readonly string[];
  readonly secret: Secret;
}

async function readSecret({ juju }: Clients, { certificates }: Node): Promise<Secret> {
  const { secret: uri } = certificates;
  const { application } = juju.identity;
  if (uri === '') {
    const problem = `${OPTION} is not set; juju add-secret <name> <key>#file=… for each key, grant it to ${application}, and set ${OPTION} to its id`;
    return { problem, set: false };
  }
  const content = await juju.secrets.get({ uri }, 'refresh');
  const problem = `${OPTION}: the secret is not there or not granted; juju grant-secret ${uri} ${application}`;
  return content === undefined ? { problem, set: true } : { content };
}

async function forBootstrap(clients: Clients, node: Node, options: CertificateOptions): Promise<ProvidedTrust> {
  const secret = await readSecret(clients, node);
  if ('problem' in secret) return { trust: refusedTrust(secret.problem), asks: false };
  const { content } = secret;
  const without = clusterAuthorities(false).filter(({ name }) => content[`${name}-crt`] && !content[`${name}-key`]);
  const obstacle = bootstrapObstacle(
    node,
    without.map(({ name }) => name),
  );
  if (obstacle !== undefined) return { trust: refusedTrust(obstacle), asks: false };
  const keptNames = Object.fromEntries(without.map(({ name }) => [name, '']));
  const issued = await issuedFields(clients, node.role, keptNames);
  const { pems, chain, kept, problems } = providedToGive({
    ...birthQuestion(clients, node, content, issued),
    etcd: node.managedEtcd,
  });
  if (pems === undefined)
    return { trust: refusedTrust(...problems.map((problem) => told(problem))), asks: issued.length > 0 };
  const brief = briefAuthority(authoritiesIn(content), options.minimumCaSeconds, clients.host.now());
  if (brief !== undefined)
    return { trust: refusedTrust(briefText(brief, clients.juju.identity.application)), asks: issued.length > 0 };
  const given = { pems, chain, kept };
  if (issued.length === 0) return { trust: { given, changes: [], reports: [] }, asks: false };
  const serving = await withServing(clients, node, undefined, options, chain);
  return { trust: joined({ given, changes: [], reports: [] }, serving), asks: true };
}

/** PEM by k8sd's name. */
function authoritiesIn(content: Pems): Pems {
  return Object.fromEntries(clusterAuthorities(true).map(({ name }) => [name, content[`${name}-crt`] ?? '']));
}

/** By the name of the certificate, which may be an issuer behind the CA: whoever looks at the first one alone sees another end. */
function briefText({ name, commonName, notAfter, days }: BriefAuthority, application: string): string {
  return told(
    `the certificate ${JSON.stringify(commonName.slice(0, 64))} in ${name}-crt ends ${notAfter.toISOString().slice(0, 10)}, in ${days} days, and a cluster cannot change its CAs; bring one that lasts, or juju config ${application} ${MINIMUM_CA_VALIDITY}=${Math.max(1, days - 1)}d`,
  );
}

/** What has to be so before certificates can be brought to each unit. @param kept names of authorities without their keys. */
function bootstrapObstacle({ snap, minor, certificates }: Node, kept: readonly string[]): string | undefined {
  if (kept.length === 0) return undefined;
  const missing = kept.map((name) => `${name}-key`).join(' and ');
  if (snap && minor < OLDEST_MINOR)
    return `${OPTION} without ${missing} needs snap 1.${OLDEST_MINOR} or newer; this is 1.${minor}`;
  return kept.includes('ca') && !certificates.serviceRangeGiven
    ? `bootstrap-service-cidr must name the range while ca-key is missing in ${OPTION}: the API server's certificate holds its first address`
    : undefined;
}

/** The cluster is there, and knows which keys it does not have. */
function forJoin(clients: Clients, node: Node, { kept, issued, secret }: Part): Trust {
  const content = 'content' in secret ? secret.content : {};
  const birth = node.role;
  const { pems, problems } = leavesForBirth({ ...birthQuestion(clients, node, content, issued), kept }, birth);
  if (problems.length === 0) return { ...NOTHING, given: { pems, chain: '' } };
  const missing = problems.map((problem) => told(problem));
  if (!('problem' in secret)) return refusedTrust(...missing);
  // In one message: which keys the secret has to hold must not be what a status leaves out. What an unreadable one lacks nobody knows.
  return refusedTrust(secret.set ? secret.problem : [secret.problem, ...missing].join('; '));
}

/** What is new in the secret is put into service; what stands there without being looked at again is told by the inventory. */
async function forMember(
  clients: Clients,
  node: Node,
  identity: NodeIdentity | undefined,
  { kept, issued, secret }: Part,
): Promise<Trust> {
  if (identity === undefined) return NOTHING;
  if ('problem' in secret) return secret.set ? { ...NOTHING, reports: [blocked(secret.problem)] } : NOTHING;
  const { juju, host } = clients;
  const { content } = secret;
  const { role, nodeName } = identity;
  const question: OwnLeavesQuestion = {
    content,
    kept,
    issued,
    nodeName,
    unit: juju.identity.unit,
    sans: requiredSansOf(identity),
    now: host.now(),
  };
  const inService = exchangeableLeaves(role).map(
    async ({ name }) =>
      [name, (await certificateInService(host.files, role, nameOf(role, name)))?.fingerprint] as const,
  );
  const { due, prints, pems, problems } = nextLeaves(question, role, Object.fromEntries(await Promise.all(inService)));
  const reports = [...(await changedReports(clients, node, content)), ...problems.map(refusedLeaf)];
  if (due.length === 0 || problems.length > 0) return { ...NOTHING, reports };
  const names = due.map((field) => nameOf(role, field));
  const change = takeIssuedChange(
    { names, pems },
    { kind: 'take-provided', prints },
    `put what ${OPTION} holds for ${names.join(', ')} into service (${prints.join(', ')})`,
    `putting certificates into service (${OPTION})`,
  );
  return { ...NOTHING, changes: [change], reports };
}

function refusedLeaf(problem: string): UnitStatus {
  return blocked(`${told(problem)}; what was given before stays in service`);
}

/** With all keys at k8sd the secret is not needed any more. */
async function afterwards(clients: Clients, node: Node): Promise<Trust> {
  if (node.member === undefined || node.role === 'worker' || !node.leader) return NOTHING;
  const secret = await readSecret(clients, node);
  return 'content' in secret ? { ...NOTHING, reports: await changedReports(clients, node, secret.content) } : NOTHING;
}

/** That a secret which says something else now has come too late, or says what nobody understands. Of control planes the leader tells it. */
async function changedReports({ host }: Clients, node: Node, content: Pems): Promise<readonly UnitStatus[]> {
  if (node.role === 'control-plane' && !node.leader) return [];
  const strange = strangeKeys(
    content,
    clusterAuthorities(true).map(({ name }) => name),
  );
  const unused = strange === undefined ? [] : [blocked(told(strange))];
  if (node.role === 'worker') return unused;
  const files = clusterAuthorities(true).map(
    async ({ name, file }) => [name, (await host.files.read(file)) ?? ''] as const,
  );
  const changed = changedAuthorities(content, Object.fromEntries(await Promise.all(files)));
  return [
    ...unused,
    ...changed.map((name) =>
      blocked(
        `${OPTION}: ${name}-crt cannot change after bootstrap, k8sd takes no other; restore the previous one, or make a new cluster`,
      ),
    ),
  ];
}

function birthQuestion(
  { juju, host }: Clients,
  node: Node,
  content: Pems,
  issued: readonly string[],
): Omit<OwnLeavesQuestion, 'kept'> {
  const { name: nodeName, addresses } = node;
  const kubelet = [nodeName, ...addresses];
  const sans = node.role === 'worker' ? { kubelet } : { apiserver: node.apiServerSans, kubelet };
  return { content, issued, nodeName, unit: juju.identity.unit, sans, now: host.now() };
}

/** Of the two halves of a unit's certificates the node needs both. */
function joined(own: Trust, serving: Trust): Trust {
  const [one, other] = [own.given.pems, serving.given.pems];
  const pems = one === undefined || other === undefined ? undefined : { ...one, ...other };
  return {
    given: { ...own.given, pems },
    changes: [...own.changes, ...serving.changes],
    reports: [...own.reports, ...serving.reports],
  };
}

function told(problem: string): string {
  return `${OPTION}: ${problem}`;
}
