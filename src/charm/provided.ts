/**
 * The operator's own certificates, in the secret that the option `ca-certificates` names: authorities, which k8sd gets at bootstrap,
 * and for each authority that comes without its key the certificates of each unit. What API server and kubelet serve may then be issued
 * by a CA charm instead, whose authority it has to be.
 */

import {
  type BriefAuthority,
  briefAuthority,
  type CertificateOptions,
  CONTROL_PLANE_NAMES,
  certificateInService,
  changedAuthorities,
  clusterAuthorities,
  EXTERNAL_NAMES,
  exchangeableLeaves,
  fieldOf,
  leavesForBirth,
  MINIMUM_CA_VALIDITY,
  type NodeIdentity,
  nextLeaves,
  type OwnLeavesQuestion,
  type Pems,
  providedToGive,
  requiredSansOf,
  strangeKeys,
  takeIssued,
  WORKER_NAMES,
} from '../certificates/index.ts';
import {
  type ClusterFacts,
  type ControlPlaneFacts,
  type KeptAuthorities,
  keptAuthorities,
  makesCluster,
  snapMinor,
} from '../cluster/index.ts';
import { sentenceIdentity } from '../core/change-identity.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { withServing } from './issued.ts';
import { identify, type PlannedChange } from './planned-change.ts';
import { blocked, ENDPOINT, NOTHING, OLDEST_MINOR, refusedTrust, type Trust } from './trust-plan.ts';

const OPTION = 'ca-certificates';

export interface ProvidedTrust {
  readonly trust: Trust;
  /** Whether something is wanted of a CA charm. */
  readonly asks: boolean;
}

/** Who brings what, once it is known which keys the operator keeps. */
export async function managersOfProvided(doors: Doors, cluster: ClusterFacts): Promise<NodeIdentity['managers']> {
  const kept = keptAuthorities(cluster);
  if (Object.keys(kept).length === 0) return {};
  const issued = await issuedFields(doors, cluster, kept);
  const fields = exchangeableLeaves(cluster.role).filter(({ authority }) => kept[authority] !== undefined);
  return Object.fromEntries(
    fields.map(({ name }) => [nameOf(cluster, name), issued.includes(name) ? 'relation' : 'operator'] as const),
  );
}

/** @param identity undefined while the node is in no cluster. */
export async function withProvided(
  doors: Doors,
  cluster: ClusterFacts,
  identity: NodeIdentity | undefined,
  options: CertificateOptions,
): Promise<ProvidedTrust> {
  if (cluster.role === 'control-plane' && makesCluster(cluster)) return forBootstrap(doors, cluster, options);
  const kept = keptAuthorities(cluster);
  if (Object.keys(kept).length === 0) return { trust: await afterwards(doors, cluster), asks: false };
  const issued = await issuedFields(doors, cluster, kept);
  const part: Part = { kept, issued, secret: await readSecret(doors, cluster) };
  const trust =
    cluster.node === undefined ? forJoin(doors, cluster, part) : await forMember(doors, cluster, identity, part);
  if (issued.length === 0) return { trust, asks: false };
  return { trust: joined(trust, await withServing(doors, cluster, identity, options)), asks: true };
}

/** What is there of the secret, or why it is not. */
type Secret = { readonly content: Pems } | { readonly problem: string; readonly set: boolean };

interface Part {
  readonly kept: KeptAuthorities;
  readonly issued: readonly string[];
  readonly secret: Secret;
}

async function readSecret({ juju }: Doors, { options }: ClusterFacts): Promise<Secret> {
  const { caCertificates: uri } = options;
  const { application } = juju.identity;
  if (uri === '') {
    const problem = `${OPTION} is not set; juju add-secret <name> <key>#file=… for each key, grant it to ${application}, and set ${OPTION} to its id`;
    return { problem, set: false };
  }
  const content = await juju.secrets.get({ uri }, 'refresh');
  const problem = `${OPTION}: the secret is not there or not granted; juju grant-secret ${uri} ${application}`;
  return content === undefined ? { problem, set: true } : { content };
}

async function forBootstrap(
  doors: Doors,
  cluster: ControlPlaneFacts,
  options: CertificateOptions,
): Promise<ProvidedTrust> {
  const secret = await readSecret(doors, cluster);
  if ('problem' in secret) return { trust: refusedTrust(secret.problem), asks: false };
  const { content } = secret;
  const without = clusterAuthorities(false).filter(({ name }) => content[`${name}-crt`] && !content[`${name}-key`]);
  const obstacle = bootstrapObstacle(
    cluster,
    without.map(({ name }) => name),
  );
  if (obstacle !== undefined) return { trust: refusedTrust(obstacle), asks: false };
  const keptNames = Object.fromEntries(without.map(({ name }) => [name, '']));
  const issued = await issuedFields(doors, cluster, keptNames);
  const { pems, chain, kept, problems } = providedToGive({
    ...birthQuestion(doors, cluster, content, issued),
    etcd: cluster.options.datastore === 'managed-etcd',
  });
  if (pems === undefined)
    return { trust: refusedTrust(...problems.map((problem) => told(problem))), asks: issued.length > 0 };
  const brief = briefAuthority(authoritiesIn(content), options.minimumCaSeconds, doors.host.now());
  if (brief !== undefined)
    return { trust: refusedTrust(briefText(brief, doors.juju.identity.application)), asks: issued.length > 0 };
  const given = { pems, chain, kept };
  if (issued.length === 0) return { trust: { given, changes: [], reports: [] }, asks: false };
  const serving = await withServing(doors, cluster, undefined, options, chain);
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
function bootstrapObstacle({ snap, options }: ControlPlaneFacts, kept: readonly string[]): string | undefined {
  if (kept.length === 0) return undefined;
  const missing = kept.map((name) => `${name}-key`).join(' and ');
  const minor = snapMinor(snap);
  if (snap && minor < OLDEST_MINOR)
    return `${OPTION} without ${missing} needs snap 1.${OLDEST_MINOR} or newer; this is 1.${minor}`;
  return kept.includes('ca') && options.serviceCidr === undefined
    ? `bootstrap-service-cidr must name the range while ca-key is missing in ${OPTION}: the API server's certificate holds its first address`
    : undefined;
}

/** The cluster is there, and knows which keys it does not have. */
function forJoin(doors: Doors, cluster: ClusterFacts, { kept, issued, secret }: Part): Trust {
  const content = 'content' in secret ? secret.content : {};
  const birth = cluster.role;
  const { pems, problems } = leavesForBirth({ ...birthQuestion(doors, cluster, content, issued), kept }, birth);
  if (problems.length === 0) return { ...NOTHING, given: { pems, chain: '' } };
  const missing = problems.map((problem) => told(problem));
  if (!('problem' in secret)) return refusedTrust(...missing);
  // In one message: which keys the secret has to hold must not be what a status leaves out. What an unreadable one lacks nobody knows.
  return refusedTrust(secret.set ? secret.problem : [secret.problem, ...missing].join('; '));
}

/** What is new in the secret is put into service; what stands there without being looked at again is told by the inventory. */
async function forMember(
  doors: Doors,
  cluster: ClusterFacts,
  identity: NodeIdentity | undefined,
  { kept, issued, secret }: Part,
): Promise<Trust> {
  if (identity === undefined) return NOTHING;
  if ('problem' in secret) return secret.set ? { ...NOTHING, reports: [blocked(secret.problem)] } : NOTHING;
  const { juju, host } = doors;
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
      [name, (await certificateInService(host.files, role, nameOf(cluster, name)))?.fingerprint] as const,
  );
  const { due, prints, pems, problems } = nextLeaves(question, role, Object.fromEntries(await Promise.all(inService)));
  const reports = [...(await changedReports(doors, cluster, content)), ...problems.map(refusedLeaf)];
  if (due.length === 0 || problems.length > 0) return { ...NOTHING, reports };
  const names = due.map((field) => nameOf(cluster, field));
  const change: PlannedChange = {
    // With the fingerprints: what has failed is not tried again, but the next certificate is.
    id: identify('trust', { kind: 'take-provided', names, prints }),
    formerId: sentenceIdentity(`put what ${OPTION} holds for ${names.join(', ')} into service (${prints.join(', ')})`),
    description: `put what ${OPTION} holds for ${names.join(', ')} into service (${prints.join(', ')})`,
    work: `putting certificates into service (${OPTION})`,
    disruptive: true,
    apply: () =>
      takeIssued(doors, identity, { names, pems }, async (message) => juju.log.info(`certificates: ${message}`)),
  };
  return { ...NOTHING, changes: [change], reports };
}

function refusedLeaf(problem: string): UnitStatus {
  return blocked(`${told(problem)}; what was given before stays in service`);
}

/** With all keys at k8sd the secret is not needed any more. */
async function afterwards(doors: Doors, cluster: ClusterFacts): Promise<Trust> {
  if (cluster.node === undefined || cluster.role === 'worker' || !cluster.leader) return NOTHING;
  const secret = await readSecret(doors, cluster);
  return 'content' in secret ? { ...NOTHING, reports: await changedReports(doors, cluster, secret.content) } : NOTHING;
}

/** That a secret which says something else now has come too late, or says what nobody understands. Of control planes the leader tells it. */
async function changedReports({ host }: Doors, cluster: ClusterFacts, content: Pems): Promise<readonly UnitStatus[]> {
  if (cluster.role === 'control-plane' && !cluster.leader) return [];
  const strange = strangeKeys(
    content,
    clusterAuthorities(true).map(({ name }) => name),
  );
  const unused = strange === undefined ? [] : [blocked(told(strange))];
  if (cluster.role === 'worker') return unused;
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

/** Fields of what a CA charm issues in place of the secret: wherever one is integrated, and k8sd cannot. */
async function issuedFields(
  { juju }: Doors,
  { role }: ClusterFacts,
  kept: KeptAuthorities,
): Promise<readonly string[]> {
  if (kept['ca'] === undefined || (await juju.relations.ids(ENDPOINT)).length === 0) return [];
  return EXTERNAL_NAMES[role];
}

function birthQuestion(
  { juju, host }: Doors,
  cluster: ClusterFacts,
  content: Pems,
  issued: readonly string[],
): Omit<OwnLeavesQuestion, 'kept'> {
  const { nodeName, addresses } = cluster;
  const kubelet = [nodeName, ...addresses];
  const sans = cluster.role === 'worker' ? { kubelet } : { apiserver: cluster.apiServerSans.all, kubelet };
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

/** The certificate that k8sd calls so in its fields. */
function nameOf({ role }: ClusterFacts, field: string): string {
  const names = role === 'worker' ? WORKER_NAMES : CONTROL_PLANE_NAMES;
  return names.find((name) => fieldOf(name) === field) ?? field;
}

function told(problem: string): string {
  return `${OPTION}: ${problem}`;
}
