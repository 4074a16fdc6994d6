/**
 * Where encryption at rest meets the cluster: who its control planes are comes from the cluster domain, and what the API server needs in its
 * arguments goes there, at birth and in turn later.
 */

import {
  allocations,
  type ClusterFacts,
  type ControlPlaneFacts,
  dueEdit,
  type HardenedArguments,
  JOINED,
  makesCluster,
  sealedFor,
  serviceBases,
  tokenHolder,
} from '../cluster/index.ts';
import type { Report } from '../core/report.ts';
import {
  applyEncryption,
  CONFIGURATION_FLAG,
  describeEncryptionChange,
  type EncryptionChange,
  type EncryptionFacts,
  type EncryptionOptions,
  type EncryptionPlan,
  type EncryptionQuestion,
  encryptionEssence,
  encryptionWork,
  isDisruptiveEncryptionChange,
  observeEncryption,
  planEncryption,
  readEncryptionOptions,
  rotated,
  withImported,
} from '../hardening/index.ts';
import type { ConfigValue, Databag, SecretContent } from '../juju/juju.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import type { Foreseen } from './foresight.ts';
import { bringing, identify, inWork, type PlannedChange } from './planned-change.ts';
import type { Role } from './role.ts';

const OPTION = 'encryption-at-rest';
const SERVICE = 'kube-apiserver';

export interface Encryption {
  readonly changes: readonly PlannedChange[];
  readonly reports: readonly Report[];
  /** Adds what it asks of the API server to what others ask. */
  demand(hardened: HardenedArguments): HardenedArguments;
}

const NOTHING: Encryption = { changes: [], reports: [], demand: (hardened) => hardened };

/** Of a control plane; workers have nothing to do with it. */
export function readEncryption(raw: Readonly<Record<string, ConfigValue>>, role: Role) {
  if (role === 'worker') return { value: undefined, problems: [] };
  return readEncryptionOptions(raw);
}

export async function lookAtEncryption(
  doors: Doors,
  cluster: ClusterFacts,
  options: EncryptionOptions | undefined,
): Promise<Encryption> {
  const question = options && cluster.role === 'control-plane' ? questionOf(cluster, options) : undefined;
  if (question === undefined) return NOTHING;
  const facts = await observeEncryption(doors, question);
  const plan = planEncryption(facts);
  return {
    changes: plan.changes.map(
      (change): PlannedChange => ({
        id: identify('encryption', encryptionEssence(change)),
        description: describeEncryptionChange(change),
        ...inWork(encryptionWork(change)),
        ...bringing(foreseenAfter(change, facts.place)),
        disruptive: isDisruptiveEncryptionChange(change),
        apply: () => applyEncryption(doors, facts, change),
      }),
    ),
    reports: [...plan.reports, ...givenWay(cluster as ControlPlaneFacts, facts, plan)],
    demand: (hardened) => withFlags(plan.coming ? { ...hardened, awaits: [SERVICE] } : hardened, plan.flags),
  };
}

/** A node that is to come into being waits for its key; one that runs gets the file, and then the arguments that name it. */
function foreseenAfter({ kind }: EncryptionChange, place: EncryptionFacts['place']): Foreseen | undefined {
  if (place === 'founding' || place === 'joining') return { prepared: true };
  return kind === 'begin' || kind === 'write-file' ? { encrypted: true } : undefined;
}

function withFlags(hardened: HardenedArguments, flags: EncryptionPlan['flags']): HardenedArguments {
  if (flags === 'held') return { ...hardened, ready: false };
  if (Object.keys(flags).length === 0) return hardened;
  const asked = hardened.services[SERVICE];
  const askers = Object.fromEntries(Object.keys(flags).map((flag) => [flag, OPTION]));
  const all = { ...asked, flags: { ...asked?.flags, ...flags }, askers: { ...asked?.askers, ...askers } };
  return { ...hardened, services: { ...hardened.services, [SERVICE]: all } };
}

/** @returns undefined while there is nothing to be said of the unit. */
export function questionOf(facts: ControlPlaneFacts, options: EncryptionOptions): EncryptionQuestion | undefined {
  const place = placeOf(facts);
  if (place === undefined) return undefined;
  const { peers, leader, snap, identity } = facts;
  const { operator = {}, present = {} } = serviceBases(facts)[SERVICE] ?? {};
  const file = facts.arguments[SERVICE];
  return {
    place,
    leader,
    installed: snap !== undefined,
    relation: peers.id,
    own: peers.own,
    shared: peers.shared,
    others: othersOf(facts, identity.unit),
    flag: present[CONFIGURATION_FLAG] ?? operator[CONFIGURATION_FLAG] ?? undefined,
    restarted: file === undefined || dueEdit('kube-apiserver', file) === undefined,
    datastore: present,
    options,
  };
}

function placeOf(facts: ControlPlaneFacts): EncryptionQuestion['place'] | undefined {
  const { leaving, problems, node, snap, daemon } = facts;
  if (leaving || problems.length > 0 || node?.role === 'worker') return undefined;
  if (node !== undefined) return 'member';
  // Before it answers, k8sd may be that of a cluster.
  if (snap !== undefined && daemon !== 'ready') return undefined;
  if (makesCluster(facts)) return 'founding';
  return snap === undefined ? undefined : 'joining';
}

/**
 * Who is in the cluster, who has a token with which to join it at any moment, and who is gone and has not been taken out of it yet: its API
 * server may still run.
 */
function othersOf({ peers }: ControlPlaneFacts, unit: string): ReadonlyMap<string, Databag | undefined> {
  const bags = [peers.own, ...peers.units.values()];
  const holders = [...bags.flatMap((bag) => Object.keys(bag).flatMap(tokenHolder)), ...bags.flatMap(sealedFor)];
  const joined = [...peers.units].flatMap(([name, bag]) => (bag[JOINED] ? [name] : []));
  const names = new Set([...allocations(peers.shared).keys(), ...joined, ...holders]);
  names.delete(unit);
  return new Map([...names].sort().map((name) => [name, peers.units.get(name)]));
}

/** An operator's flags beside ours: no reason to call anybody, but he should know. */
function givenWay(
  facts: ControlPlaneFacts,
  { flag }: EncryptionFacts,
  { flags }: EncryptionPlan,
): readonly UnitStatus[] {
  const given = facts.options.arguments[SERVICE]?.[CONFIGURATION_FLAG];
  if (given === undefined || flags === 'held' || flags[CONFIGURATION_FLAG] === undefined || flag !== 'ours') return [];
  const argument = CONFIGURATION_FLAG.slice(2);
  return [{ status: 'active', message: `kube-apiserver-extra-args: ${argument} gives way to ${OPTION}` }];
}

/** Stores keys of a backup beside those of the cluster. @returns the numbers of those that are new. @throws Error with the text for the operator. */
export async function importKeys(
  doors: Doors,
  cluster: ControlPlaneFacts,
  content: SecretContent,
): Promise<readonly number[]> {
  const { value: options } = readEncryption(await doors.juju.config(), 'control-plane');
  const question = options && questionOf(cluster, options);
  if (question === undefined) throw new Error('this unit is in no cluster');
  const facts = await observeEncryption(doors, question);
  const { rollout, store } = facts;
  if (rollout === undefined || rollout === 'unreadable' || store.state !== 'read')
    throw new Error(
      'the charm has no keys of this cluster to add to: set encryption-at-rest, and wait until it is in use',
    );
  const { keys, added } = withImported(store.keys, content);
  if (added.length > 0) await applyEncryption(doors, facts, { kind: 'import-keys', rollout, keys });
  return added;
}

/** Makes the next key of the provider in use. @throws Error with the text for the operator. */
export async function beginRotation(
  doors: Doors,
  cluster: ControlPlaneFacts,
): Promise<{ readonly key: number; readonly provider: string }> {
  const { value: options } = readEncryption(await doors.juju.config(), 'control-plane');
  const question = options && questionOf(cluster, options);
  if (question === undefined) throw new Error('this unit is in no cluster');
  const facts = await observeEncryption(doors, question);
  const { from, next } = rotated(facts);
  await applyEncryption(doors, facts, { kind: 'begin', from, next });
  return next;
}
