/** The capability: Secrets are encrypted in the datastore. What the API server needs in its arguments goes to their owner, at birth and later. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import type { Capability, Foreseen, Plan, PlanContext, PlannedChange } from '../../core/capability.ts';
import { changeIdentity } from '../../core/change-identity.ts';
import type { Contribution } from '../../core/contribution.ts';
import type { Node } from '../../core/node.ts';
import { applyEncryption } from './apply.ts';
import { type Change, describe, essence, isDisruptive, workOf } from './change.ts';
import { CONFIGURATION_FLAG, CONFIGURATION_FLAGS } from './configuration.ts';
import type { EncryptionFacts, EncryptionPlan } from './facts.ts';
import { observeEncryption } from './observe.ts';
import { type EncryptionOptions, readEncryptionOptions } from './options.ts';
import { planEncryption } from './plan.ts';
import { questionOf } from './question.ts';

const OPTION = 'encryption-at-rest';
const SERVICE = 'kube-apiserver';

export const encryption: Capability<EncryptionFacts, Change, EncryptionOptions> = {
  name: 'encryption',
  roles: ['control-plane'],
  options: async (raw) => readEncryptionOptions(raw),
  async observe(clients, node, options) {
    const question = questionOf(node, options);
    return question && observeEncryption(clients, question);
  },
  plan,
  apply: applyEncryption,
  actions: {
    'add-encryption-keys': async () => (await import('./actions/add-encryption-keys.ts')).addEncryptionKeys,
    'rotate-encryption-key': async () => (await import('./actions/rotate-encryption-key.ts')).rotateEncryptionKey,
  },
};

function plan(facts: EncryptionFacts, { node, foreseen }: PlanContext): Plan<Change> {
  const { changes, reports, flags, coming } = planEncryption(facts);
  return {
    changes: changes.map((change) => plannedChange(change, facts.place)),
    reports: [...reports, ...givenWay(node, facts, flags)],
    contributions: asksOf(flags, coming === true, foreseen, node),
  };
}

function plannedChange(change: Change, place: EncryptionFacts['place']): PlannedChange<Change> {
  const work = workOf(change);
  const brings = foreseenAfter(change, place);
  return {
    change,
    id: changeIdentity({ domain: 'encryption', ...essence(change) }),
    description: describe(change),
    ...(work === undefined ? {} : { work }),
    ...(brings === undefined ? {} : { brings }),
    disruption: isDisruptive(change) ? 'restart' : 'none',
  };
}

/** A node that is to come into being waits for its key; one that runs gets the file, and then the arguments that name it. */
function foreseenAfter({ kind }: Change, place: EncryptionFacts['place']): Foreseen | undefined {
  if (place === 'founding' || place === 'joining') return { prepared: true };
  return kind === 'begin' || kind === 'write-file' ? { encrypted: true } : undefined;
}

/** Where the file is foreseen to be there, the arguments can name it. */
function asksOf(
  flags: EncryptionPlan['flags'],
  coming: boolean,
  { prepared, encrypted }: Foreseen,
  { member }: Node,
): readonly Contribution[] {
  const foreseen = member !== undefined && encrypted === true;
  const awaits: readonly Contribution[] = coming && !foreseen ? [{ kind: 'held-arguments', services: [SERVICE] }] : [];
  if (flags === 'held' && !prepared) return [...awaits, { kind: 'held-arguments', services: 'all' }];
  const wanted = { ...(flags === 'held' ? {} : flags), ...(foreseen ? CONFIGURATION_FLAGS : {}) };
  if (Object.keys(wanted).length === 0) return awaits;
  const askers = Object.fromEntries(Object.keys(wanted).map((flag) => [flag, OPTION]));
  return [...awaits, { kind: 'service-arguments', service: SERVICE, flags: wanted, askers }];
}

/** An operator's flags beside ours: no reason to call anybody, but he should know. */
function givenWay(
  { services }: Node,
  { flag }: EncryptionFacts,
  flags: EncryptionPlan['flags'],
): readonly UnitStatus[] {
  const given = services[SERVICE]?.operator[CONFIGURATION_FLAG];
  if (given === undefined || flags === 'held' || flags[CONFIGURATION_FLAG] === undefined || flag !== 'ours') return [];
  const argument = CONFIGURATION_FLAG.slice(2);
  return [{ status: 'active', message: `kube-apiserver-extra-args: ${argument} gives way to ${OPTION}` }];
}
