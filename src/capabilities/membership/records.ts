/**
 * What the leader has on record of workers, and holds against what they say later. A worker is a machine that somebody else may own: root on
 * it writes into the unit's databag, over what Juju has put there, too. So the node name is the one that the token was made for, and the
 * addresses are those that stood there then; who claims what is on record for another is refused, never the other.
 *
 *   application databag   <unit>              joined-<node>                see wire.ts
 *                         <unit>-addresses    ["10.0.0.20", …]             ours
 *   worker's databag      join-address        10.0.0.21                    ours
 */

import type { Databag } from '../../clients/juju/juju.ts';
import type { UnitStatus } from '../../clients/juju/status.ts';
import { canonicalAddress, isAddress, rangeHolds } from '../../core/addresses.ts';
import { readForeign } from '../../core/foreign-json.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import { list, text, where } from '../../core/shapes.ts';
import type { Change, Entries } from './change.ts';
import { type ControlPlaneFacts, type NodeFacts, serviceAddress } from './facts.ts';
import { blocked, publish } from './plan-node.ts';
import { allocations, JOIN_ADDRESS, JOINED, NODE_NAME } from './wire.ts';

/** Addresses of one unit that are kept; Juju gives it two. */
const MOST_ADDRESSES = 20;
/** Of every machine, and in every certificate that k8sd issues for a server. */
const LOOPBACK: readonly string[] = ['127.0.0.1', '::1'];
const ADDRESSES = list(where(text(64), isAddress), MOST_ADDRESSES);

export function addressesKey(unit: string): string {
  return `${unit}-addresses`;
}

export function formatAddresses(addresses: readonly string[]): string {
  return JSON.stringify(addresses);
}

/** Addresses on record for the unit; undefined while there is no record. */
export function recordedAddresses(shared: Databag, unit: string): readonly string[] | undefined {
  const all = recorded.get(shared) ?? new Map<string, readonly string[] | undefined>();
  recorded.set(shared, all);
  if (!all.has(unit)) all.set(unit, readForeign(shared[addressesKey(unit)], ADDRESSES)?.map(canonicalAddress));
  return all.get(unit);
}

/** As `said`: by databag and unit. */
const recorded = new WeakMap<Databag, Map<string, readonly string[] | undefined>>();

/** Ours, between control planes: all addresses of a unit that has several, since Juju puts no more than two into its databag. */
export const BOUND_ADDRESSES = 'bound-addresses';

export function boundAddressesEntry({ boundAddresses }: Pick<ControlPlaneFacts, 'boundAddresses'>): Entries {
  const all = [...new Set(boundAddresses.filter(isAddress).map(canonicalAddress))].sort().slice(0, MOST_ADDRESSES);
  return { [BOUND_ADDRESSES]: all.length > 1 ? formatAddresses(all) : undefined };
}

/**
 * Of a worker with several addresses in one space: the one that k8sd puts into the certificate of kubelet, where it is not the first of Juju's,
 * which is the only one of them in the databag.
 */
export function joinAddressEntry(facts: Pick<NodeFacts, 'node' | 'addresses' | 'boundAddresses'>): Entries {
  const { boundAddresses } = facts;
  const own = canonicalOf(serviceAddress(facts));
  const [first, ...others] = boundAddresses.map(canonicalOf);
  const hidden = own !== undefined && own !== first && others.includes(own);
  return { [JOIN_ADDRESS]: hidden ? own : undefined };
}

function canonicalOf(address: string | undefined): string | undefined {
  return address !== undefined && isAddress(address) ? canonicalAddress(address) : undefined;
}

/** Addresses that a unit's databag gives for it, each in one form. */
export function saidAddresses(bag: Databag): readonly string[] {
  const known = said.get(bag);
  if (known !== undefined) return known;
  const found = readSaid(bag);
  said.set(bag, found);
  return found;
}

/** Each round of a dispatch asks several times for those of a thousand workers. */
const said = new WeakMap<Databag, readonly string[]>();

function readSaid(bag: Databag): readonly string[] {
  const texts = [bag['ingress-address'] ?? '', bag['private-address'] ?? '', bag[JOIN_ADDRESS] ?? ''];
  return [...new Set(texts.filter(isAddress).map(canonicalAddress))].slice(0, MOST_ADDRESSES);
}

/** The unit for which each node is on record, on any of the relations. */
export function recordedNodes(relations: readonly RelationFacts[]): ReadonlyMap<string, string> {
  return new Map(
    relations.flatMap(({ shared }) => [...allocations(shared)].map(([unit, { node }]) => [node, unit] as const)),
  );
}

export interface Reserved {
  /** Each in one form, with whose they are. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly ranges: readonly { readonly range: string; readonly owner: string }[];
}

/** Addresses that belong to the control planes and to the cluster itself: no worker has them. */
export function reservedAddresses(facts: ControlPlaneFacts): Reserved {
  const { peers, identity, addresses, boundAddresses, apiServerSans, options, configuration } = facts;
  const of = (owner: string, texts: readonly string[]) =>
    texts.filter(isAddress).map((text) => [canonicalAddress(text), owner] as const);
  const known = [
    ...of('the API server', [...apiServerSans.all, ...options.extraSans]),
    ...of(identity.unit, [...addresses, ...boundAddresses]),
    ...[...peers.units].flatMap(([unit, bag]) =>
      of(unit, [...saidAddresses(bag), ...(readForeign(bag[BOUND_ADDRESSES], ADDRESSES) ?? [])]),
    ),
  ];
  const services = configuration?.serviceCidr ?? options.serviceCidr ?? '';
  const pods = configuration?.podCidr ?? options.podCidr ?? '';
  const balanced = [
    ...(configuration?.config['load-balancer']?.cidrs ?? []),
    ...(options.features['load-balancer']?.cidrs ?? []),
  ];
  // Who reads this has an address of a node in it, and a range to change.
  const range = (owner: string, option: string) => (text: string) => {
    const one = text.trim();
    return { range: one, owner: `${owner} (${option} has ${one})` };
  };
  return {
    addresses: new Map(known.filter(([one]) => !LOOPBACK.includes(one))),
    ranges: [
      ...services.split(',').map(range('the range of services', 'bootstrap-service-cidr')),
      ...pods.split(',').map(range('the range of pods', 'bootstrap-pod-cidr')),
      ...balanced.map(range('the load balancer', 'load-balancer-cidrs')),
    ],
  };
}

/** Whose the address is, if it is the cluster's. */
export function reservedFor({ addresses, ranges }: Reserved, address: string): string | undefined {
  return addresses.get(address) ?? ranges.find(({ range }) => rangeHolds(range, address))?.owner;
}

/** The units of each address. */
function byAddress(units: readonly (readonly [string, readonly string[]])[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const [unit, addresses] of units)
    for (const address of addresses) found.set(address, [...(found.get(address) ?? []), unit]);
  return found;
}

/** Addresses to record of each unit that has no record, of those with a node on record and of those that get a token now. */
type Fresh = ReadonlyMap<string, readonly string[]>;

/**
 * What is somebody else's is not recorded; where two that have no record say the same, neither has it until an operator decides.
 *
 * @param offered units that get a token now.
 */
function freshRecords(facts: ControlPlaneFacts, offered: ReadonlySet<string>): Fresh {
  const reserved = reservedAddresses(facts);
  const known = facts.workers.flatMap(({ units, shared }) =>
    [...units].map(([unit, bag]) => {
      const said = saidAddresses(bag);
      const allocation = allocations(shared).get(unit);
      // Of a member that has none Juju will tell none: without a record its requests would wait for ever.
      const meant =
        (said.length > 0 && (offered.has(unit) || allocation !== undefined)) || allocation?.state === 'joined';
      return { unit, recorded: recordedAddresses(shared, unit), said, meant };
    }),
  );
  const fresh = known.filter(({ recorded, meant }) => recorded === undefined && meant);
  const claims = byAddress([
    ...known.map(({ unit, recorded = [] }) => [unit, recorded] as const),
    ...fresh.map(({ unit, said }) => [unit, said] as const),
  ]);
  const isFree = (address: string) => claims.get(address)?.length === 1 && reservedFor(reserved, address) === undefined;
  return new Map(fresh.map(({ unit, said }) => [unit, said.filter(isFree)] as const));
}

/**
 * Offers of tokens with the addresses that are recorded along with them, and records of workers that an earlier revision of the charm, or
 * another charm, has let in.
 */
export function withRecords(facts: ControlPlaneFacts, tokens: readonly Change[]): readonly Change[] {
  const offered = new Set(tokens.flatMap((change) => (change.kind === 'offer-token' ? [change.unit] : [])));
  const fresh = freshRecords(facts, offered);
  const offers = tokens.map((change): Change => {
    const addresses = change.kind === 'offer-token' ? fresh.get(change.unit) : undefined;
    return addresses !== undefined && change.kind === 'offer-token' ? { ...change, addresses } : change;
  });
  const records = facts.workers.flatMap((relation) =>
    [...relation.units.keys()].flatMap((unit) => {
      const addresses = offered.has(unit) ? undefined : fresh.get(unit);
      return addresses === undefined
        ? []
        : publish(relation, 'application', { [addressesKey(unit)]: formatAddresses(addresses) });
    }),
  );
  return [...offers, ...records];
}

/** Workers that say something else than what is on record, or claim what is not theirs. Each is told with what an operator can do. */
export function recordReports(facts: ControlPlaneFacts): readonly UnitStatus[] {
  const relations = [facts.peers, ...facts.workers];
  const nodes = recordedNodes(relations);
  const reserved = reservedAddresses(facts);
  const records = byAddress(
    facts.workers.flatMap(({ shared, units }) =>
      [...units.keys()].map((unit) => [unit, recordedAddresses(shared, unit) ?? []] as const),
    ),
  );
  const claims = facts.workers.flatMap(({ units }) => [...units]);
  return facts.workers.flatMap((relation) =>
    [...relation.units].flatMap(([unit, bag]) => {
      const other = (units: readonly string[] | undefined) => units?.find((one) => one !== unit);
      return [
        ...nodeReport(facts, relation, unit, bag, nodes),
        ...addressReports(facts, relation, unit, bag, {
          ownerOf: (address) => reservedFor(reserved, address) ?? other(records.get(address)),
          rivalOf: (address) => claims.find(([one, its]) => one !== unit && saidAddresses(its).includes(address))?.[0],
        }),
      ];
    }),
  );
}

function nodeReport(
  { node: own, identity }: ControlPlaneFacts,
  { shared }: RelationFacts,
  unit: string,
  bag: Databag,
  nodes: ReadonlyMap<string, string>,
): readonly UnitStatus[] {
  const said = bag[NODE_NAME];
  const record = allocations(shared).get(unit);
  if (!said || record?.state === 'joined') return [];
  const owner = said === own?.name ? identity.unit : nodes.get(said);
  if (owner !== undefined && owner !== unit)
    return [
      blocked(
        `${unit} has the node name ${said} of ${owner}; give its machine another host name, or remove the unit that is not to be`,
      ),
    ];
  return bag[JOINED] && record === undefined
    ? [blocked(`${unit} says that it is in the cluster as ${said}, but got no token; remove the unit`)]
    : [];
}

function addressReports(
  { identity }: ControlPlaneFacts,
  { shared }: RelationFacts,
  unit: string,
  bag: Databag,
  { ownerOf, rivalOf }: Claimed,
): readonly UnitStatus[] {
  const recorded = recordedAddresses(shared, unit);
  if (recorded === undefined) return [];
  const other = saidAddresses(bag).filter((address) => !recorded.includes(address));
  const foreign = [...new Set([...other, ...recorded])].find((address) => ownerOf(address) !== undefined);
  if (foreign !== undefined)
    return [
      blocked(
        `${unit} says that its address is ${foreign}, which belongs to ${ownerOf(foreign)}; no certificate names it: look into its machine`,
      ),
    ];
  if (other.length === 0) return [];
  const known = recorded.join(', ') || 'none';
  const rival = other.flatMap((address) => rivalOf(address) ?? [])[0];
  const claimed = rival === undefined ? '' : `, and so does ${rival}: find out whose it is`;
  return [
    blocked(
      `${unit} says that its address is ${other.join(', ')}${claimed}; on record is ${known}. If that is right: ${acceptCommand(identity.application, unit)}`,
    ),
  ];
}

interface Claimed {
  /** Whose the address is; undefined: nobody's but the unit's. */
  readonly ownerOf: (address: string) => string | undefined;
  /** Another unit that says the same of itself. */
  readonly rivalOf: (address: string) => string | undefined;
}

/** What an operator runs to have other addresses on record. */
export function acceptCommand(application: string, unit: string): string {
  return `juju run ${application}/leader accept-addresses unit=${unit}`;
}
