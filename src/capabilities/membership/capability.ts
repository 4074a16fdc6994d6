/** The capability: gets a unit into its cluster and out of it, and owns what the node needs: the snap, the services' arguments, labels, registries. */

import type { Membership, Plan, PlanContext, PlannedChange } from '../../core/capability.ts';
import { changeIdentity } from '../../core/change-identity.ts';
import { type AskedArguments, type Contribution, contributed } from '../../core/contribution.ts';
import { reportIgnored } from '../../core/remote-units.ts';
import type { Service } from '../../core/services.ts';
import { claimApiPort } from './api-port.ts';
import { applyCluster } from './apply.ts';
import { type Change, describe, essence, isDisruptive } from './change.ts';
import { planned, workOf } from './change-words.ts';
import type { ClusterFacts, HardenedArguments } from './facts.ts';
import { foreseenAfter, foreseenCluster } from './foresight.ts';
import { formerIdentity } from './former-identity.ts';
import { NOTHING_GIVEN } from './given-certificates.ts';
import { inspectNode } from './inspect.ts';
import { nodeOf } from './node.ts';
import { observeCluster } from './observe.ts';
import { planCluster } from './plan.ts';
import { JOIN_WAIT } from './plan-node.ts';

const LEAVING = { 'remove-snap': 'cluster', 'clear-machine': 'machine' } as const;

export const membership: Membership<ClusterFacts, Change> = {
  name: 'membership',
  admit: claimApiPort,
  observe: observeCluster,
  node: nodeOf,
  plan: planMembership,
  apply: applyCluster,
  inspect: inspectNode,
  actions: {
    'accept-addresses': async () => (await import('./actions/accept-addresses.ts')).acceptAddresses,
  },
};

function planMembership(observed: ClusterFacts, { node, contributions, foreseen }: PlanContext): Plan<Change> {
  const facts: ClusterFacts = {
    ...foreseenCluster({ ...observed, problems: node.problems }, foreseen),
    given: contributed(contributions, 'certificates-at-birth').at(-1) ?? NOTHING_GIVEN,
    hardened: argumentsAsked(contributions),
  };
  const { changes, reports } = planCluster(facts);
  return {
    changes: changes.map((change) => plannedChange(facts, change)),
    reports: [...reports, ...node.ignored.map(reportIgnored)],
    contributions: [],
  };
}

function plannedChange(facts: ClusterFacts, change: Change): PlannedChange<Change> {
  const formerId = formerIdentity(change);
  const inPlan = planned(change, facts.memory);
  const work = workOf(change, facts.memory);
  const brings = foreseenAfter(change);
  const leaves = change.kind === 'remove-snap' || change.kind === 'clear-machine' ? LEAVING[change.kind] : undefined;
  return {
    change,
    id: changeIdentity({ domain: 'cluster', ...essence(change) }),
    ...(formerId === undefined ? {} : { formerId }),
    description: describe(change),
    ...(inPlan === undefined ? {} : { inPlan }),
    ...(work === undefined ? {} : { work }),
    ...(change.kind === 'join' ? { wait: JOIN_WAIT } : {}),
    ...(brings === undefined ? {} : { brings }),
    ...(leaves === undefined ? {} : { leaves }),
    disruption: isDisruptive(change) ? 'restart' : 'none',
  };
}

/** What all capabilities ask of the services, the later ones over the earlier ones. */
export function argumentsAsked(contributions: readonly Contribution[]): HardenedArguments {
  const services: Partial<Record<Service, AskedArguments>> = {};
  for (const { service, flags, askers, standing = [] } of contributed(contributions, 'service-arguments')) {
    const before = services[service];
    services[service] = {
      flags: { ...before?.flags, ...flags },
      askers: { ...before?.askers, ...askers },
      standing: [...(before?.standing ?? []).filter((flag) => !(flag in flags)), ...standing],
    };
  }
  const held = contributed(contributions, 'held-arguments').map((one) => one.services);
  const awaits = held.flatMap((one) => (one === 'all' ? [] : one));
  return { ready: !held.includes('all'), services, awaits };
}
