/**
 * The one place where databags of remote units are read and looked at. A unit may be a machine that an attacker owns: what it writes
 * can at worst be ignored and reported, whatever it is. A value that cannot be what its key says counts as absent.
 */

import { isIP } from 'node:net';
import type { Databag, Juju } from '../clients/juju/juju.ts';
import type { UnitStatus } from '../clients/juju/status.ts';
import { isNodeName } from './node-name.ts';
import { oneLine } from './printable.ts';

export interface RemoteUnits {
  readonly units: ReadonlyMap<string, Databag>;
  /** What was left out, and whose it is. */
  readonly ignored: readonly Ignored[];
}

export interface Ignored {
  readonly relation: string;
  /** Unit, or application. */
  readonly owner: string;
  /** Undefined: all of the databag. */
  readonly key?: string;
  /** What is wrong with it, as the end of a sentence. */
  readonly reason: string;
}

interface Rule {
  readonly holds: (value: string) => boolean;
  readonly reason: string;
}

const CLUSTER_NAME: Rule = {
  holds: (value) => /^[\w.:@-]{1,253}$/.test(value),
  reason: 'is not the name of a cluster',
};
const ADDRESS: Rule = {
  holds: (value) => isIP(value.replace(/%.*/, '')) !== 0 || isNodeName(value.toLowerCase()),
  reason: 'is neither an address nor a host name',
};
/** A key ends up in tables, logs, names of objects and arguments, so that each has one form. */
const RULES: Readonly<Record<string, Rule>> = {
  'node-name': { holds: isNodeName, reason: 'is not a name that a node can have (RFC 1123 subdomain, 253 characters)' },
  'cluster-name': CLUSTER_NAME,
  joined: CLUSTER_NAME,
  version: { holds: (value) => /^[\w.+~-]{1,64}$/.test(value), reason: 'is not a version' },
  'ingress-address': ADDRESS,
  'private-address': ADDRESS,
  'join-address': ADDRESS,
};

/** What was made of the databags that a dispatch reads once and several domains ask for. */
const looked = new WeakMap<ReadonlyMap<string, Databag>, RemoteUnits>();

/** Databags of the relation's remote units, without what cannot be used. */
export async function readRemoteUnits({ relations }: Pick<Juju, 'relations'>, relation: string): Promise<RemoteUnits> {
  const bags = await relations.remoteBags(relation);
  const known = looked.get(bags);
  if (known !== undefined) return known;
  const read = usableOf(bags, relation);
  looked.set(bags, read);
  return read;
}

function usableOf(bags: ReadonlyMap<string, Databag>, relation: string): RemoteUnits {
  const ignored: Ignored[] = [];
  const units = new Map<string, Databag>();
  for (const [unit, bag] of bags) {
    const wrong = Object.entries(bag).filter(([key, value]) => isWrong(key, value));
    units.set(unit, wrong.length === 0 ? bag : without(bag, new Set(wrong.map(([key]) => key))));
    for (const [key] of wrong) ignored.push({ relation, owner: unit, key, reason: RULES[key]?.reason ?? '' });
  }
  return { units, ignored };
}

/** How the operator is told: the cluster goes on without it, so that the unit that reports it stays what it is. */
export function reportIgnored({ relation, owner, key, reason }: Ignored): UnitStatus {
  const what = key === undefined ? 'its databag' : `its ${key}`;
  return { status: 'active', message: `ignoring ${owner} (${relation}): ${what} ${oneLine(reason, 120)}` };
}

function isWrong(key: string, value: string): boolean {
  return Object.hasOwn(RULES, key) && value !== '' && RULES[key]?.holds(value) === false;
}

function without(bag: Databag, keys: ReadonlySet<string>): Databag {
  return Object.fromEntries(Object.entries(bag).filter(([key]) => !keys.has(key)));
}
