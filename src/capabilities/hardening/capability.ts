/**
 * The capability: what the options of hardening ask of the node's files and kernel is changed here, before arguments need it and after they no
 * longer do; what they ask of the services goes to the owner of their arguments.
 */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { type Capability, NO_PLAN, type Plan, type PlanContext, type PlannedChange } from '../../core/capability.ts';
import { changeIdentity } from '../../core/change-identity.ts';
import type { Clients } from '../../core/clients.ts';
import type { ServiceArguments } from '../../core/contribution.ts';
import type { Node } from '../../core/node.ts';
import type { RawOptions } from '../../core/options.ts';
import { optionOf, type Service, type ServiceBase } from '../../core/services.ts';
import { removeAuditLogs } from './audit-logs.ts';
import { readControlNames } from './catalogue.ts';
import { driftReports } from './drift.ts';
import { formatInheritance, HARDENING_KEY, withInheritance } from './inheritance.ts';
import { inspectScore } from './inspect.ts';
import { type HardeningOptions, readHardeningOptions } from './options.ts';
import { applyRemedy, forgetRemedies } from './remedy/apply.ts';
import { describeRemedy, type RemedyChange, remedyEssence } from './remedy/change.ts';
import type { FlagDemand } from './remedy/demands.ts';
import type { RemedyFacts } from './remedy/facts.ts';
import { observeRemedies } from './remedy/observe.ts';
import { observeBase } from './remedy/observe-base.ts';
import { planRemedies } from './remedy/plan.ts';
import { readDemands } from './remedy/read-demands.ts';
import { type Overridden, wantedArguments } from './remedy/wanted-arguments.ts';
import { readOverrides, type UnitOverrides } from './unit-overrides.ts';
import { dayOf } from './waivers.ts';

type Change =
  | RemedyChange
  | { readonly kind: 'tell-workers'; readonly relation: string; readonly text: string | undefined };

interface HardeningFacts {
  readonly options: HardeningOptions;
  readonly flags: readonly FlagDemand[];
  readonly bases: Bases;
  readonly remedies: RemedyFacts;
  readonly overrides: UnitOverrides;
  /** What each relation to workers is told; undefined where it is not this unit's to say. */
  readonly inheritance: { readonly text: string | undefined } | undefined;
}

type Bases = Readonly<Partial<Record<Service, Parameters<typeof wantedArguments>[2]>>>;

const HELD = { kind: 'held-arguments', services: 'all' } as const;

/** While k8sd does not say what node this is, nothing can be said of what it should be like, and no argument is to change. */
const UNKNOWN = 'unknown';

export const hardening: Capability<HardeningFacts | typeof UNKNOWN, Change, HardeningOptions> = {
  name: 'hardening',
  roles: ['control-plane', 'worker'],
  options: (raw, { clients, node }) => readOptions(clients, node, raw),
  observe,
  plan,
  async apply(clients, _, change) {
    if (change.kind !== 'tell-workers') return applyRemedy(clients, change);
    clients.juju.relations.setApplication(change.relation, { [HARDENING_KEY]: change.text });
  },
  async restoreMachine(clients, ends) {
    await forgetRemedies(clients);
    if (ends) await removeAuditLogs(clients.host.files, (await clients.juju.config())['audit-log-path']);
  },
  inspect: inspectScore,
  actions: { assess: async () => (await import('./actions/assess.ts')).assess },
};

/** On a worker with those of its control plane where it has none of its own. */
function readOptions({ juju }: Clients, { role, controlPlane }: Node, raw: RawOptions) {
  return readHardeningOptions(withInheritance(raw, controlPlane?.shared[HARDENING_KEY]), role, juju.state, () =>
    readControlNames(juju.identity.charmDirectory),
  );
}

async function observe(
  clients: Clients,
  node: Node,
  options: HardeningOptions,
): Promise<HardeningFacts | typeof UNKNOWN> {
  const { juju, host } = clients;
  const { role, services, managedEtcd: etcd } = node;
  if (node.leaving || node.problems.length > 0 || node.daemon !== 'ready') return UNKNOWN;
  const place = { role, etcd, identity: juju.identity };
  const demands = await readDemands(options, place, dayOf(host.now()));
  const of = (which: 'present' | 'former') =>
    Object.fromEntries(Object.entries(services).map(([service, base]) => [service, base[which]]));
  const exists = node.member !== undefined;
  const [remedies, bases, overrides] = await Promise.all([
    observeRemedies(clients, { exists, present: of('present'), former: of('former') }, demands),
    observeBases(clients, services, demands.flags),
    exists && (options.cis || options.stig)
      ? readOverrides(host.files, Object.keys(node.argumentFiles) as Service[])
      : {},
  ]);
  const tells = role === 'control-plane' && node.leader && exists;
  const inheritance = tells ? { text: formatInheritance(await juju.config()) } : undefined;
  return { options, flags: demands.flags, bases, remedies, overrides, inheritance };
}

async function observeBases(
  { host }: Clients,
  services: Node['services'],
  demands: readonly FlagDemand[],
): Promise<Bases> {
  const observed = Object.entries(services).map(
    async ([service, base]: [string, ServiceBase]) =>
      [service, await observeBase(host, service as Service, base, demands)] as const,
  );
  return Object.fromEntries(await Promise.all(observed));
}

function plan(facts: HardeningFacts | typeof UNKNOWN, { node, foreseen }: PlanContext): Plan<Change> {
  if (facts === UNKNOWN) return { ...NO_PLAN, contributions: [HELD] };
  const remedies = planRemedies(facts.remedies);
  const { asked, reports } = askServices(facts);
  const ready = remedies.ready || foreseen.prepared === true;
  return {
    changes: [
      ...remedies.changes.map((change) => plannedRemedy(change, remedies.reports.length === 0)),
      ...tellWorkers(facts, node),
    ],
    reports: [...remedies.reports, ...reports, ...driftOf(facts, node, asked)],
    contributions: [...asked, ...(ready ? [] : [HELD])],
  };
}

/** @param all whether nothing else stands in the way of what waits for it. */
function plannedRemedy(change: RemedyChange, all: boolean): PlannedChange<Change> {
  return {
    change,
    id: changeIdentity({ domain: 'remedy', ...remedyEssence(change) }),
    description: describeRemedy(change),
    ...(all ? { brings: { prepared: true } } : {}),
    disruption: 'none',
  };
}

/** Nothing of a node that is not there yet. */
function driftOf(
  { options, bases, overrides }: HardeningFacts,
  { member, argumentFiles }: Node,
  asked: readonly ServiceArguments[],
): readonly UnitStatus[] {
  if (member === undefined) return [];
  const services = Object.entries(argumentFiles).map(([name, { text, remembered }]) => {
    const service = name as Service;
    const flags = asked.find((one) => one.service === service)?.flags;
    const kept = [...Object.keys(bases[service]?.operator ?? {}), ...Object.keys(flags ?? {}), ...remembered];
    return [service, { text, option: optionOf(service), kept }] as const;
  });
  return driftReports({
    services: Object.fromEntries(services),
    overrides,
    hardened: options.cis || options.stig,
  });
}

function askServices({ bases, flags: demands }: HardeningFacts): {
  readonly asked: readonly ServiceArguments[];
  readonly reports: readonly UnitStatus[];
} {
  const asked: ServiceArguments[] = [];
  const reports: UnitStatus[] = [];
  for (const [name, base] of Object.entries(bases)) {
    const service = name as Service;
    const { overridden, ...wanted } = wantedArguments(service, demands, base);
    asked.push({ kind: 'service-arguments', service, ...wanted });
    reports.push(...overridden.map((one) => giveWay(service, one)));
  }
  return { asked, reports };
}

/** No reason to call anybody: the operator has asked for both. */
function giveWay(service: Service, { flag, given, askers, controls }: Overridden): UnitStatus {
  const argument = given === null ? `${flag.slice(2)}-` : `${flag.slice(2)}=${given}`;
  const waivers = controls.length === 0 ? '' : `, unless hardening-waivers names ${controls.join(' and ')}`;
  return { status: 'active', message: `${optionOf(service)}: ${argument} gives way to ${askers}${waivers}` };
}

/** On each relation to workers; by the leader, who alone writes for the application. */
function tellWorkers({ inheritance }: HardeningFacts, { workers }: Node): readonly PlannedChange<Change>[] {
  if (inheritance === undefined) return [];
  const { text } = inheritance;
  return workers
    .filter(({ shared }) => (shared[HARDENING_KEY] ?? '') !== (text ?? ''))
    .map(({ id: relation }) => ({
      change: { kind: 'tell-workers', relation, text },
      id: changeIdentity({ domain: 'hardening', kind: 'tell-workers', relation, text }),
      description: `tell the workers on ${relation} how nodes are hardened`,
      disruption: 'none',
    }));
}
