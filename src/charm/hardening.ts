/**
 * Where hardening meets the cluster: what its options ask of the services goes to the cluster domain, which changes arguments in turn;
 * what they ask of the node's files and kernel is changed here, before arguments need it and after they no longer do.
 */

import {
  type AskedArguments,
  type ClusterFacts,
  type HardenedArguments,
  optionOf,
  type Service,
  type ServiceBase,
  serviceBases,
} from '../cluster/index.ts';
import {
  applyRemedy,
  dayOf,
  describeRemedy,
  driftReports,
  type FlagDemand,
  formatInheritance,
  HARDENING_KEY,
  type HardeningOptions,
  type Overridden,
  observeBase,
  observeRemedies,
  planRemedies,
  readControlNames,
  readDemands,
  readHardeningOptions,
  readOverrides,
  remedyEssence,
  wantedArguments,
  withInheritance,
} from '../hardening/index.ts';
import type { ConfigValue } from '../juju/juju.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import { identify, type PlannedChange } from './planned-change.ts';

export interface Hardening {
  readonly hardened: HardenedArguments;
  readonly changes: readonly PlannedChange[];
  readonly reports: readonly UnitStatus[];
}

/** Nothing can be said: no argument is to change until it can. */
const NOTHING: Hardening = { hardened: { ready: false, services: {} }, changes: [], reports: [] };

type RawOptions = Readonly<Record<string, ConfigValue>>;

/** On a worker with those of its control plane where it has none of its own. */
export async function readOptions(doors: Doors, cluster: ClusterFacts, raw: RawOptions) {
  const inherited = cluster.role === 'worker' ? cluster.cluster?.shared[HARDENING_KEY] : undefined;
  return readHardeningOptions(withInheritance(raw, inherited), cluster.role, doors.juju.state, () =>
    readControlNames(doors.juju.identity.charmDirectory),
  );
}

export async function observeHardening(
  doors: Doors,
  cluster: ClusterFacts,
  options: HardeningOptions,
): Promise<Hardening> {
  // While k8sd does not say what node this is, nothing can be said of what it should be like.
  if (cluster.leaving || cluster.problems.length > 0 || cluster.daemon !== 'ready') return NOTHING;
  const { juju } = doors;
  const etcd = cluster.role === 'control-plane' && cluster.options.datastore === 'managed-etcd';
  const place = { role: cluster.role, etcd, charmFolder: juju.identity.charmDirectory };
  const demands = await readDemands(options, place, dayOf(doors.host.now()));
  const bases = serviceBases(cluster);
  const of = (which: 'present' | 'former') =>
    Object.fromEntries(Object.entries(bases).map(([service, base]) => [service, base[which]]));
  const node = { exists: cluster.node !== undefined, present: of('present'), former: of('former') };
  const facts = await observeRemedies(doors, node, demands);
  const plan = planRemedies(facts);
  const { services, reports } = askServices(await observeBases(doors, bases, demands.flags), demands.flags);
  return {
    hardened: { ready: plan.ready, services },
    changes: [
      ...plan.changes.map(
        (change): PlannedChange => ({
          id: identify('remedy', remedyEssence(change)),
          description: describeRemedy(change),
          // What stands in the way for another reason is not gone with them.
          ...(plan.reports.length === 0 ? { brings: { prepared: true } } : {}),
          disruptive: false,
          apply: () => applyRemedy(doors, change),
        }),
      ),
      ...(await tellWorkers(doors, cluster)),
    ],
    reports: [...plan.reports, ...reports, ...(await observeDrift(doors, cluster, options, services))],
  };
}

/** Nothing of a node that is not there yet. */
async function observeDrift(
  { host }: Doors,
  { arguments: files, options, node, memory }: ClusterFacts,
  { cis, stig }: HardeningOptions,
  asked: HardenedArguments['services'],
): Promise<readonly UnitStatus[]> {
  if (node === undefined) return [];
  const hardened = cis || stig;
  const services = Object.entries(files).map(([name, { text }]) => {
    const service = name as Service;
    const operator = options.arguments[service] ?? {};
    const kept = [operator, asked[service]?.flags, memory.arguments[service]].flatMap((one) => Object.keys(one ?? {}));
    return [service, { text, option: optionOf(service), kept }] as const;
  });
  const overrides = hardened
    ? await readOverrides(
        host.files,
        services.map(([service]) => service),
      )
    : {};
  return driftReports({ services: Object.fromEntries(services), overrides, hardened });
}

type Bases<Base extends ServiceBase> = Readonly<Partial<Record<Service, Base>>>;

async function observeBases({ host }: Doors, bases: Bases<ServiceBase>, demands: readonly FlagDemand[]) {
  const observed = Object.entries(bases).map(async ([service, base]) => {
    return [service, await observeBase(host, service as Service, base, demands)] as const;
  });
  return Object.fromEntries(await Promise.all(observed)) as Bases<ServiceBase>;
}

function askServices(
  bases: Bases<ServiceBase>,
  demands: readonly FlagDemand[],
): { readonly services: HardenedArguments['services']; readonly reports: readonly UnitStatus[] } {
  const services: Partial<Record<Service, AskedArguments>> = {};
  const reports: UnitStatus[] = [];
  for (const [name, base] of Object.entries(bases)) {
    const service = name as Service;
    const { overridden, ...asked } = wantedArguments(service, demands, base);
    services[service] = asked;
    reports.push(...overridden.map((one) => giveWay(service, one)));
  }
  return { services, reports };
}

/** No reason to call anybody: the operator has asked for both. */
function giveWay(service: Service, { flag, given, askers, controls }: Overridden): UnitStatus {
  const argument = given === null ? `${flag.slice(2)}-` : `${flag.slice(2)}=${given}`;
  const waivers = controls.length === 0 ? '' : `, unless hardening-waivers names ${controls.join(' and ')}`;
  return { status: 'active', message: `${optionOf(service)}: ${argument} gives way to ${askers}${waivers}` };
}

/** On each relation to workers; by the leader, who alone writes for the application. */
async function tellWorkers({ juju }: Doors, cluster: ClusterFacts): Promise<readonly PlannedChange[]> {
  if (cluster.role !== 'control-plane' || !cluster.leader || cluster.node === undefined) return [];
  const text = formatInheritance(await juju.config());
  return cluster.workers
    .filter(({ shared }) => (shared[HARDENING_KEY] ?? '') !== (text ?? ''))
    .map(({ id }) => ({
      id: identify('hardening', { kind: 'tell-workers', relation: id, text }),
      description: `tell the workers on ${id} how nodes are hardened`,
      disruptive: false,
      apply: async () => juju.relations.setApplication(id, { [HARDENING_KEY]: text }),
    }));
}
