/** What a node needs whatever its role: the snap, its arguments, its labels, its registries. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { hostNameProblem } from '../../core/node-name.ts';
import { quoted } from '../../core/printable.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { Report } from '../../core/report.ts';
import type { ExtraArguments, Service } from '../../core/services.ts';
import { argumentsAtBirth, planArguments, rememberedAtBirth } from './arguments.ts';
import { type Born, dueEdit } from './arguments-journal.ts';
import type { Change, Entries } from './change.ts';
import { type NodeFacts, snapMinor } from './facts.ts';
import type { NodeOptions } from './options.ts';
import { HOSTS_DIRECTORY, type Registry, registryFiles } from './registries.ts';
import { minorOf } from './wire.ts';

/** Under which a unit remembers since when it has failed to join. */
export const JOIN_WAIT = 'join';

/** After this an operator has to look why a unit does not get into the cluster. */
const LONGEST_JOINING_MS = 30 * 60_000;

export interface ClusterPlan {
  readonly changes: readonly Change[];
  /** What the unit has to tell; the charm decides what of it becomes its status. */
  readonly reports: readonly Report[];
}

export const NOTHING: ClusterPlan = { changes: [], reports: [] };

export function blocked(message: string): UnitStatus {
  return { status: 'blocked', message };
}

export function waiting(message: string): UnitStatus {
  return { status: 'waiting', message };
}

/** A join is tried again with each token that the leader makes. */
export function waitingToJoin(message: string): Report {
  return { status: 'waiting', message, lasts: { key: JOIN_WAIT, atMostMs: LONGEST_JOINING_MS } };
}

/** A plan that does nothing but tell. */
export function report(status: UnitStatus): ClusterPlan {
  return { changes: [], reports: [status] };
}

export function combine(...plans: readonly ClusterPlan[]): ClusterPlan {
  return { changes: plans.flatMap(({ changes }) => changes), reports: plans.flatMap(({ reports }) => reports) };
}

/** Entries of a databag that are not as wanted, as a change; none when all are. */
export function publish(relation: RelationFacts, scope: 'unit' | 'application', wanted: Entries): readonly Change[] {
  const present = scope === 'unit' ? relation.own : relation.shared;
  const different = Object.entries(wanted).filter(([key, value]) => (present[key] ?? '') !== (value ?? ''));
  return different.length === 0
    ? []
    : [{ kind: 'publish', relation: relation.id, scope, entries: Object.fromEntries(different) }];
}

/** @returns the plan when nothing else can be done before it, or undefined when the node is ready for more. */
export function planPreparation(facts: NodeFacts, options: NodeOptions): ClusterPlan | undefined {
  if (facts.problems.length > 0)
    return { changes: [], reports: facts.problems.map(({ option, message }) => blocked(`${option} ${message}`)) };
  const misnamed = planMisnamed(facts);
  if (misnamed !== undefined) return report(misnamed);
  if (facts.snap === undefined) {
    if (facts.snapFile === 'archive') return report(archiveRefused(facts));
    const file = facts.snapFile === 'empty' ? undefined : facts.snapFile;
    return { changes: [{ kind: 'install-snap', channel: options.snapChannel, file }], reports: [] };
  }
  if (facts.daemon === 'starting' || facts.daemon === 'absent')
    return { changes: [...planHold(facts), { kind: 'await-daemon' }], reports: [] };
  return undefined;
}

function archiveRefused({ identity: { application } }: NodeFacts): UnitStatus {
  return blocked(
    `snap-installation holds an archive (.tar.gz) as the Python charms take it; attach the snap in it (juju attach-resource ${application} ` +
      'snap-installation=./k8s.snap), or an empty file to use snap-channel',
  );
}

/** A machine whose host name no node can have: kubelet would fail to register it, after minutes, and say so in its log alone. */
function planMisnamed({ node, daemon, nodeName }: NodeFacts): UnitStatus | undefined {
  if (node !== undefined || (daemon !== 'absent' && daemon !== 'ready')) return undefined;
  const problem = hostNameProblem(nodeName);
  if (problem === undefined) return undefined;
  return blocked(
    `The host name ${quoted(nodeName)} ${problem}; change it on the machine: sudo hostnamectl hostname NAME`,
  );
}

export function planHold({ snap }: NodeFacts): readonly Change[] {
  return snap && snap.heldUntil === undefined ? [{ kind: 'hold-snap' }] : [];
}

/**
 * The snap that is wanted, when it is another one. Kubernetes supports neither going back nor skipping a minor version, and
 * no kubelet that is newer than its API server (Kubernetes version skew policy).
 */
export function planSnapRefresh(
  facts: NodeFacts,
  options: NodeOptions,
  controlPlaneVersion: string | undefined,
): ClusterPlan {
  const { snap, snapFile, channelRevision, memory } = facts;
  if (snap === undefined) return NOTHING;
  // What is installed came out of it, or is what the operator wants instead of the channel: either way it stays.
  if (snapFile === 'archive') return { changes: rememberDue(memory, true), reports: [archiveRefused(facts)] };
  const file = snapFile === 'empty' ? undefined : snapFile;
  const other = snapFile !== undefined && (file?.sha256 ?? '') !== memory.snapFile;
  const due = snapFile === undefined ? [] : rememberDue(memory, other);
  const refresh: ClusterPlan = {
    changes: [...due, { kind: 'refresh-snap', channel: options.snapChannel, file }],
    reports: [],
  };
  if (other && file !== undefined) return refresh;
  if (!other && (snap.channel === undefined || snap.channel === options.snapChannel))
    return { changes: due, reports: [] };
  if (!other && channelRevision === snap.revision)
    return { changes: [...due, { kind: 'switch-snap', channel: options.snapChannel }], reports: [] };
  const present = snapMinor(snap);
  const wanted = minorOf(options.snapChannel.split(/[-/]/)[0] ?? '');
  if (wanted !== undefined && (wanted < present || wanted > present + 1)) {
    const reason = wanted < present ? 'goes back' : 'skips a minor version';
    return {
      changes: due,
      reports: [blocked(`snap-channel ${reason} from 1.${present}; set 1.${present} or 1.${present + 1}`)],
    };
  }
  const ceiling = minorOf(controlPlaneVersion ?? '');
  if (wanted !== undefined && ceiling !== undefined && wanted > ceiling)
    return {
      changes: due,
      reports: [waiting(`snap-channel is newer than the control plane's ${controlPlaneVersion}; waiting for it`)],
    };
  return refresh;
}

/** The resource is looked at again until it has been taken, or another one has been attached. */
function rememberDue({ snapFileDue }: NodeFacts['memory'], due: boolean): readonly Change[] {
  return due === snapFileDue ? [] : [{ kind: 'remember', key: 'snapFileDue', value: due ? 'yes' : undefined }];
}

export function planServiceArguments(
  facts: NodeFacts,
  wanted: Readonly<Partial<Record<Service, ExtraArguments>>>,
): ClusterPlan {
  const changes: Change[] = [];
  const reports: UnitStatus[] = [];
  const all = withHardened(facts, wanted);
  for (const [name, file] of Object.entries(facts.arguments)) {
    const service = name as Service;
    const asked = facts.hardened.services[service];
    const remembered = facts.memory.arguments[service] ?? {};
    const settled = facts.hardened.ready && !facts.hardened.awaits?.includes(service);
    const change = settled ? planArguments(service, all[service] ?? {}, file, remembered, asked) : undefined;
    const due = dueEdit(service, file);
    if (due && !hasEdits(change)) changes.push({ kind: 'finish-arguments', service, journal: due });
    if (change === undefined) continue;
    changes.push(
      hasEdits(change)
        ? { kind: 'write-arguments', change, before: file.text }
        : { kind: 'remember-arguments', change },
    );
  }
  return { changes, reports };
}

/** What hardening asks for stands over what the operator gives: it has taken that into account. */
function withHardened({ hardened }: NodeFacts, wanted: Wanted): Wanted {
  const services = new Set([...Object.keys(wanted), ...Object.keys(hardened.services)] as Service[]);
  return Object.fromEntries(
    [...services].map((service) => [service, { ...wanted[service], ...hardened.services[service]?.flags }]),
  );
}

type Wanted = Readonly<Partial<Record<Service, ExtraArguments>>>;

/** The options' arguments in the fields of a bootstrap or join, as far as they can be given there. */
export function birthArguments(facts: NodeFacts, wanted: Wanted): Record<string, Record<string, string>> {
  return Object.fromEntries(
    givenAtBirth(facts, wanted).map(([service, given]) => [`extra-node-${service}-args`, given]),
  );
}

/** What is to be remembered of them. */
export function bornWith(facts: NodeFacts, wanted: Wanted): Born {
  return Object.fromEntries(
    givenAtBirth(facts, wanted).map(([service, given]) => [
      service,
      rememberedAtBirth(service, given, facts.hardened.services[service]),
    ]),
  );
}

function givenAtBirth(facts: NodeFacts, wanted: Wanted): readonly (readonly [Service, Record<string, string>])[] {
  return Object.entries(withHardened(facts, wanted)).flatMap(([service, flags]) => {
    const given = argumentsAtBirth(service as Service, flags);
    return Object.keys(given).length === 0 ? [] : [[service as Service, given] as const];
  });
}

/** Registry files that differ, and those of ours that are no longer wanted. Files of other hands are left alone. */
export function planRegistries(facts: NodeFacts, registries: readonly Registry[]): readonly Change[] {
  const wanted = registries.flatMap(registryFiles);
  const write = wanted.filter(({ path, content }) => facts.registryFiles[path] !== content);
  const paths = new Set(wanted.map(({ path }) => path));
  const remove = facts.memory.registries.filter((path) => !paths.has(path) && path.startsWith(HOSTS_DIRECTORY));
  const missed = [...paths].filter((path) => !facts.memory.registries.includes(path));
  if (write.length + remove.length + missed.length === 0) return [];
  return [{ kind: 'write-registries', write, remove, remember: [...paths] }];
}

/** Existing charms refreshed in place find this state and do not wait for an upgrade that nobody has prepared. */
export function planUpgradeRelation(facts: NodeFacts, leader: boolean): readonly Change[] {
  const relation = facts.upgradeRelation;
  if (relation === undefined) return [];
  return [
    ...publish(relation, 'unit', { state: 'idle' }),
    ...(leader ? publish(relation, 'application', { 'upgrade-stack': undefined }) : []),
  ];
}

function hasEdits(change: { readonly set: object } | undefined): boolean {
  return change !== undefined && Object.keys(change.set).length > 0;
}
