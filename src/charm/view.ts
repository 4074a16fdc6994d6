/**
 * One look at everything, and what follows from it. Domains do not know each other: what one needs of another (the node's name
 * and addresses, which workers there are) is handed over here.
 */

import {
  apiServerSans,
  applyCertificates,
  type CertificateChange,
  type CertificateOptions,
  certificateEssence,
  certificateWork,
  describeCertificateChange,
  forgetCertificates,
  formerCertificateSentence,
  isDisruptiveCertificateChange,
  type NodeIdentity,
  observeCertificates,
  planCertificates,
  readCertificateOptions,
} from '../certificates/index.ts';
import {
  allocations,
  applyCluster,
  type ClusterChange,
  type ClusterFacts,
  clusterEssence,
  describeClusterChange,
  formerIdentity,
  isDisruptiveClusterChange,
  JOIN_WAIT,
  observeCluster,
  planCluster,
  plannedInWords,
  type RelationFacts,
  recordedAddresses,
  reservedAddresses,
  serviceAddress,
  snapMinor,
  workOf,
} from '../cluster/index.ts';
import { sentenceIdentity } from '../core/change-identity.ts';
import { type Ignored, reportIgnored } from '../core/remote-units.ts';
import type { Report } from '../core/report.ts';
import { type EncryptionOptions, forgetRemedies, type HardeningOptions, removeAuditLogs } from '../hardening/index.ts';
import type { Databag } from '../juju/juju.ts';
import type { Doors } from './doors.ts';
import { lookAtEncryption, readEncryption } from './encryption.ts';
import { type Foreseen, foreseenAfter, foreseenArguments, foreseenCluster, NOTHING_FORESEEN } from './foresight.ts';
import { observeHardening, readOptions } from './hardening.ts';
import { keepsLease, returnLease } from './lease.ts';
import { planLeftovers } from './leftovers.ts';
import { bringing, identify, inWork, type PlannedChange } from './planned-change.ts';
import type { Role } from './role.ts';
import { planCaTransfer } from './transfer.ts';
import { managersOf, observeTrust } from './trust.ts';

export interface View {
  readonly cluster: ClusterFacts;
  /** Undefined while the node is in no cluster, or leaves it. */
  readonly identity: NodeIdentity | undefined;
  readonly changes: readonly PlannedChange[];
  readonly reports: readonly Report[];
}

/** @param foreseen what is to be taken as done already, when a plan looks further than the next round. */
export async function look(doors: Doors, role: Role, foreseen: Foreseen = NOTHING_FORESEEN): Promise<View> {
  const { cluster: present, options, hardening: wished, encryption: sealing } = await observe(doors, role);
  const observed = foreseenCluster(present, foreseen);
  const managers = await managersOf(doors, observed);
  const [trust, hardening, encryption] = await Promise.all([
    observeTrust(doors, observed, nodeIdentity(observed, options, managers), options),
    observeHardening(doors, observed, wished),
    lookAtEncryption(doors, observed, sealing),
  ]);
  const hardened = foreseenArguments(encryption.demand(hardening.hardened), observed, foreseen);
  const cluster: ClusterFacts = { ...observed, given: trust.given, hardened };
  const clusterPlan = planCluster(cluster);
  const clusterChanges = [
    ...(await planLeftovers(doors)),
    ...hardening.changes,
    ...encryption.changes,
    ...trust.changes,
    ...clusterPlan.changes.map((change) => plannedCluster(doors, cluster, change)),
  ];
  const clusterReports = [
    ...trust.reports,
    ...hardening.reports,
    ...encryption.reports,
    ...clusterPlan.reports,
    ...ignoredParties(doors, cluster).map(reportIgnored),
  ];
  const identity = nodeIdentity(cluster, options, managers);
  if (identity === undefined) return { cluster, identity, changes: clusterChanges, reports: clusterReports };
  const certificates = await observeCertificates(doors, identity);
  const certificatePlan = planCertificates(certificates);
  const planned = certificatePlan.changes.map(
    (change: CertificateChange): PlannedChange => ({
      id: identify('certificates', certificateEssence(change)),
      ...formerly(formerCertificateSentence(change)),
      ...inWork(certificateWork(change)),
      description: describeCertificateChange(change),
      disruptive: isDisruptiveCertificateChange(change),
      apply: () => applyCertificates(doors, certificates, change),
    }),
  );
  const sent = await planCaTransfer(doors, cluster);
  const kept = role === 'control-plane' && (await keepsLease(doors.host.files)) ? [returningLease(doors)] : [];
  return {
    cluster,
    identity,
    changes: [...clusterChanges, ...planned, ...sent, ...kept],
    reports: [...clusterReports, ...certificatePlan.reports],
  };
}

/** Remote units whose databag, or a part of it, cannot be used; and applications. */
function ignoredParties({ juju }: Doors, cluster: ClusterFacts): readonly Ignored[] {
  const relations = cluster.role === 'control-plane' ? [cluster.peers, ...cluster.workers] : [cluster.cluster];
  return [...relations.flatMap((relation) => relation?.ignored ?? []), ...juju.relations.unusable()];
}

function returningLease(doors: Doors): PlannedChange {
  const description = 'release the rollout lock that an interrupted action has kept';
  return {
    id: identify('charm', { kind: 'return-lease' }),
    description,
    disruptive: false,
    apply: () => returnLease(doors),
  };
}

/** An option of any domain that cannot be used keeps all from changing anything. */
async function observe(doors: Doors, role: Role): Promise<Observed> {
  const [cluster, raw] = await Promise.all([observeCluster(doors, role, apiServerSans), doors.juju.config()]);
  const certificates = readCertificateOptions(raw);
  const hardening = await readOptions(doors, cluster, raw);
  const encryption = readEncryption(raw, role);
  const problems = [cluster, certificates, hardening, encryption].flatMap((each) => each.problems);
  return {
    cluster: { ...cluster, problems },
    options: certificates.value,
    hardening: hardening.value,
    encryption: encryption.value,
  };
}

interface Observed {
  readonly cluster: ClusterFacts;
  readonly options: CertificateOptions;
  readonly hardening: HardeningOptions;
  readonly encryption: EncryptionOptions | undefined;
}

function plannedCluster(doors: Doors, facts: ClusterFacts, change: ClusterChange): PlannedChange {
  const former = formerIdentity(change);
  const inPlan = plannedInWords(change, facts.memory);
  return {
    id: identify('cluster', clusterEssence(change)),
    ...(former === undefined ? {} : { formerId: former }),
    description: describeClusterChange(change),
    ...(inPlan === undefined ? {} : { inPlan }),
    ...inWork(workOf(change, facts.memory)),
    ...(change.kind === 'join' ? { wait: JOIN_WAIT } : {}),
    ...bringing(foreseenAfter(change)),
    disruptive: isDisruptiveClusterChange(change),
    apply: () => applyClusterChange(doors, facts, change),
  };
}

function formerly(sentence: string | undefined): Pick<PlannedChange, 'formerId'> {
  return sentence === undefined ? {} : { formerId: sentenceIdentity(sentence) };
}

async function applyClusterChange(doors: Doors, facts: ClusterFacts, change: ClusterChange): Promise<void> {
  if (change.kind === 'remove-snap') await forgetCertificates(doors);
  if (change.kind === 'clear-machine') {
    // A dispatch that ended while the snap was removed may not have come to these.
    await forgetRemedies(doors);
    await removeAuditLogs(doors.host.files, (await doors.juju.config())['audit-log-path']);
  }
  await applyCluster(doors, facts, change);
  if (change.kind === 'remove-snap') await forgetRemedies(doors);
}

function nodeIdentity(
  facts: ClusterFacts,
  options: CertificateOptions,
  managers: NodeIdentity['managers'],
): NodeIdentity | undefined {
  if (facts.node === undefined || facts.leaving || facts.problems.length > 0) return undefined;
  const controlPlane = facts.role === 'control-plane' ? facts : undefined;
  const reserved = controlPlane && reservedAddresses(controlPlane);
  return {
    role: facts.role,
    nodeName: facts.node.name,
    minor: snapMinor(facts.snap),
    address: serviceAddress(facts),
    boundAddresses: facts.boundAddresses,
    requiredSans: controlPlane?.apiServerSans.all ?? [],
    options,
    managers,
    reserved: [...(controlPlane?.options.extraSans ?? []), ...(reserved?.addresses.keys() ?? [])],
    reservedRanges: reserved?.ranges ?? [],
    leader: controlPlane?.leader ?? false,
    workers: new Map(controlPlane?.workers.flatMap(({ shared }) => joinedNodes(shared)) ?? []),
    workerAddresses: new Map(controlPlane?.workers.flatMap(recorded) ?? []),
  };
}

/** Units that have a token only are not among them: they have no node yet whose certificates they could renew. */
function joinedNodes(shared: Databag): readonly (readonly [string, string])[] {
  return [...allocations(shared)].flatMap(([unit, { state, node }]) =>
    state === 'joined' ? [[unit, node] as const] : [],
  );
}

function recorded({ units, shared }: RelationFacts): readonly (readonly [string, readonly string[]])[] {
  return [...units.keys()].flatMap((unit) => {
    const addresses = recordedAddresses(shared, unit);
    return addresses === undefined ? [] : [[unit, addresses] as const];
  });
}
