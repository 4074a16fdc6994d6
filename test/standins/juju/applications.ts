/** What people do to applications: deploy, configure, integrate, scale, remove; on the state alone. */

import { isValueOf, readConfigValue } from './charm-config.ts';
import { CHARM_NAME, type Endpoint } from './charm-metadata.ts';
import { type Controller, isJuju4 } from './controller.ts';
import { configHash } from './next-operation.ts';
import { destroyRelation, isPeer, leaveScope, markDeparting, relationsOf } from './relations.ts';
import { removeSecretsOf } from './secrets.ts';
import {
  type ApplicationState,
  type ConfigValue,
  type EndpointState,
  newUnitState,
  type RelationState,
  type UnitState,
} from './state.ts';

export function application({ state }: Controller, name: string): ApplicationState {
  const found = state.applications[name];
  if (!found) throw new Error(`application "${name}" not found`);
  return found;
}

export function createApplication(
  controller: Controller,
  name: string,
  charm: string,
  config: Readonly<Record<string, ConfigValue>>,
): ApplicationState {
  const { state } = controller;
  if (!CHARM_NAME.test(name)) throw new Error(`invalid application name "${name}"`);
  if (state.applications[name] || state.remotes[name])
    throw new Error(`cannot add application "${name}": application already exists`);
  const created: ApplicationState = {
    name,
    charm,
    charmModified: 0,
    config: readConfig(controller, charm, config),
    resources: {},
    life: 'alive',
    nextUnit: state.unitNumbers[name] ?? 0,
    leader: undefined,
    status: undefined,
    exposed: false,
  };
  state.applications[name] = created;
  addPeerRelations(controller, created);
  return created;
}

function readConfig(
  controller: Controller,
  charm: string,
  config: Readonly<Record<string, ConfigValue>>,
): Record<string, ConfigValue> {
  const options = controller.charm(charm).config;
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, readConfigValue(options, key, value)]));
}

export function configure(
  controller: Controller,
  name: string,
  values: Readonly<Record<string, ConfigValue>>,
  reset: readonly string[],
): void {
  const target = application(controller, name);
  const read = readConfig(controller, target.charm, values);
  for (const key of reset) {
    if (!controller.charm(target.charm).config[key]) throw new Error(`unknown option "${key}"`);
  }
  const units = Object.values(controller.state.units).filter((unit) => unit.application === name);
  const before = new Map(units.map((unit) => [unit, configHash(controller, unit)]));
  for (const key of reset) delete target.config[key];
  if (isJuju4(controller.state)) keepQuiet(controller, before);
  const reached = new Map(units.map((unit) => [unit, configHash(controller, unit)]));
  Object.assign(target.config, read);
  if (!isJuju4(controller.state)) return;
  for (const unit of units)
    if (unit.started && configHash(controller, unit) !== reached.get(unit)) unit.configRepeats = true;
}

/** Juju 4.0 fires no `config-changed` for an option that is reset: the charm finds out with its next hook. */
function keepQuiet(controller: Controller, before: ReadonlyMap<UnitState, string>): void {
  for (const [unit, hash] of before) if (unit.configSeen === hash) unit.configSeen = configHash(controller, unit);
}

export interface OptionValue {
  readonly value: ConfigValue | undefined;
  readonly source: 'user' | 'default' | 'unset';
}

export function optionValues(controller: Controller, name: string): Readonly<Record<string, OptionValue>> {
  const { charm, config } = application(controller, name);
  return Object.fromEntries(
    Object.entries(controller.charm(charm).config).map(([key, option]) => {
      const set = config[key];
      if (set !== undefined) return [key, { value: set, source: 'user' }];
      return [key, { value: option.default, source: option.default === undefined ? 'unset' : 'default' }];
    }),
  );
}

/** Another charm; peer relations that it brings are made; values of options that it has no more, or of another type, are forgotten. */
export function setCharm(controller: Controller, name: string, charm: string): void {
  const target = application(controller, name);
  const { config, endpoints } = controller.charm(charm);
  for (const relation of relationsOf(controller.state, name)) {
    const used = relation.endpoints.find((each) => each.application === name);
    if (used && !endpoints[used.name] && !isPeer(relation)) {
      throw new Error(
        `cannot upgrade application "${name}" to charm "${charm}": would break relation "${relationKey(relation)}"`,
      );
    }
  }
  target.charm = charm;
  target.charmModified += 1;
  target.config = Object.fromEntries(
    Object.entries(target.config).filter(([key, value]) => isValueOf(config[key]?.type, value)),
  );
  addPeerRelations(controller, target);
}

function addPeerRelations(controller: Controller, { name, charm }: ApplicationState): void {
  for (const endpoint of Object.values(controller.charm(charm).endpoints)) {
    if (endpoint.role !== 'peer') continue;
    const exists = relationsOf(controller.state, name).some(
      (relation) => isPeer(relation) && relation.endpoints[0]?.name === endpoint.name,
    );
    if (!exists)
      addRelation(controller, [
        { application: name, name: endpoint.name, interface: endpoint.interface, role: 'peer' },
      ]);
  }
}

function addRelation({ state }: Controller, endpoints: EndpointState[]): RelationState {
  const id = state.next.relation;
  state.next.relation += 1;
  const relation: RelationState = { id, endpoints, life: 'alive', units: {}, applications: {} };
  state.relations[id] = relation;
  return relation;
}

/** Relates two endpoints, given as `app` or `app:endpoint`. Throws when there is no fit, or more than one. */
export function integrate(controller: Controller, first: string, second: string): RelationState {
  const pairs = matchingPairs(controller, first, second);
  const [pair] = pairs;
  if (!pair) throw new Error('no relations found');
  if (pairs.length > 1) {
    const options = pairs.map(([a, b]) => `"${endpointName(a)} ${endpointName(b)}"`).sort();
    throw new Error(`ambiguous relation: "${first} ${second}" could refer to ${options.join('; ')}`);
  }
  if (findRelation(controller, pair[0], pair[1])) {
    throw new Error(
      `cannot add relation "${pair.map(endpointName).join(' ')}": relation ${pair.map(endpointName).join(' ')} already exists`,
    );
  }
  checkLimits(controller, pair);
  const ordered = [...pair].sort((a) => (a.role === 'requirer' ? -1 : 1));
  return addRelation(controller, ordered);
}

export function relationBetween(controller: Controller, first: string, second: string): RelationState {
  for (const [a, b] of matchingPairs(controller, first, second)) {
    const found = findRelation(controller, a, b);
    if (found) return found;
  }
  throw new Error(`relation "${first} ${second}" not found`);
}

function endpointName({ application: name, name: endpoint }: EndpointState): string {
  return `${name}:${endpoint}`;
}

export function relationKey(relation: RelationState): string {
  return relation.endpoints.map(endpointName).join(' ');
}

function matchingPairs(
  controller: Controller,
  first: string,
  second: string,
): readonly [EndpointState, EndpointState][] {
  const pairs: [EndpointState, EndpointState][] = [];
  for (const a of endpointsOf(controller, first)) {
    for (const b of endpointsOf(controller, second)) {
      const roles = [a.role, b.role].sort().join(' ');
      if (a.interface === b.interface && roles === 'provider requirer') pairs.push([a, b]);
    }
  }
  return pairs;
}

function endpointsOf(controller: Controller, given: string): readonly EndpointState[] {
  const [name = '', wanted] = given.split(':');
  const remote = controller.state.remotes[name];
  const own = remote ? remote.endpoints : endpointsOfCharm(controller, name);
  const found = Object.entries(own)
    .filter(([endpoint]) => wanted === undefined || endpoint === wanted)
    .map(([endpoint, { interface: protocol, role }]) => ({
      application: name,
      name: endpoint,
      interface: protocol,
      role,
    }));
  if (wanted !== undefined && found.length === 0) throw new Error(`application "${name}" has no "${wanted}" relation`);
  return found;
}

function endpointsOfCharm(controller: Controller, name: string): Readonly<Record<string, Endpoint>> {
  return controller.charm(application(controller, name).charm).endpoints;
}

function findRelation({ state }: Controller, a: EndpointState, b: EndpointState): RelationState | undefined {
  return Object.values(state.relations).find((relation) =>
    [a, b].every((end) => relation.endpoints.some((each) => endpointName(each) === endpointName(end))),
  );
}

function checkLimits(controller: Controller, pair: readonly EndpointState[]): void {
  for (const end of pair) {
    if (controller.state.remotes[end.application]) continue;
    const limit = endpointsOfCharm(controller, end.application)[end.name]?.limit ?? 0;
    const used = relationsOf(controller.state, end.application).filter((relation) =>
      relation.endpoints.some((each) => endpointName(each) === endpointName(end)),
    );
    if (limit > 0 && used.length >= limit) {
      throw new Error(
        `establishing a new relation for ${endpointName(end)} would exceed its maximum relation limit of ${limit} not valid`,
      );
    }
  }
}

export function addUnit(controller: Controller, name: string): UnitState {
  const { state } = controller;
  const target = application(controller, name);
  if (target.life === 'dying') throw new Error(`cannot add unit to application "${name}": application is not alive`);
  const unit = newUnitState(name, target.nextUnit, String(state.next.machine));
  target.nextUnit += 1;
  state.next.machine += 1;
  state.units[unit.name] = unit;
  target.leader ??= unit.name;
  return unit;
}

export function destroyUnit({ state }: Controller, name: string): void {
  const unit = state.units[name];
  if (!unit) throw new Error(`unit "${name}" not found`);
  if (unit.life === 'dying') return;
  unit.life = 'dying';
  markDeparting(state, unit);
}

/** Relations and units go; the application follows its last unit. */
export function destroyApplication(controller: Controller, name: string): void {
  const target = application(controller, name);
  target.life = 'dying';
  for (const relation of relationsOf(controller.state, name))
    if (!isPeer(relation)) destroyRelation(controller.state, relation);
  for (const unit of Object.values(controller.state.units))
    if (unit.application === name) destroyUnit(controller, unit.name);
  removeIfDead(controller, target);
}

/** The unit's agent has ended: everything of the unit that the controller kept goes, and leadership passes on. */
export function forgetUnit(controller: Controller, unit: UnitState): void {
  const { state } = controller;
  delete state.units[unit.name];
  for (const relation of Object.values(state.relations)) {
    if (relation.units[unit.name]) leaveScope(state, relation, unit.name);
  }
  for (const task of Object.values(state.tasks)) {
    if (task.unit === unit.name && task.status === 'pending') task.status = 'aborted';
  }
  removeSecretsOf(state, { kind: 'unit', name: unit.name });
  const target = state.applications[unit.application];
  if (!target) return;
  if (target.leader === unit.name) target.leader = nextLeader(controller, target.name);
  removeIfDead(controller, target);
}

/** A unit that stays, if there is one. */
function nextLeader({ state }: Controller, name: string): string | undefined {
  const units = Object.values(state.units).filter((unit) => unit.application === name);
  return (units.find((unit) => unit.life === 'alive') ?? units[0])?.name;
}

function removeIfDead({ state }: Controller, target: ApplicationState): void {
  const left = Object.values(state.units).some((unit) => unit.application === target.name);
  if (target.life === 'alive' || left) return;
  for (const relation of relationsOf(state, target.name)) delete state.relations[relation.id];
  removeSecretsOf(state, { kind: 'application', name: target.name });
  state.unitNumbers[target.name] = target.nextUnit;
  delete state.applications[target.name];
}
