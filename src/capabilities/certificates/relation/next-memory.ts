/** What to remember after a look at the provider. Pure. */

import type { UnitStatus } from '../../../clients/juju/status.ts';
import { type Authorities, authorityDigest, type Succession, succession } from './authorities.ts';
import type { Decision } from './decide.ts';
import type { RelationFacts } from './facts.ts';
import type { Look, Memory } from './memory.ts';
import type { Standing } from './standing.ts';

/** Looked at anew at least this often. */
const LONGEST_LOOK_MS = 24 * 60 * 60_000;
/** Characters of PEM: the unit state takes 64 KiB for all of the memory. */
const LARGEST_AUTHORITIES = 32 * 1024;

/** What was found when there was nothing left to do. */
export interface Rest {
  readonly standing: ReadonlyMap<string, Standing>;
  readonly reports: readonly UnitStatus[];
}

export function nextMemory(facts: RelationFacts, found: readonly Decision[], rest: Rest | undefined): Memory {
  const { memory, relation, now } = facts;
  const since = found.flatMap(({ request }) => {
    const digest = request?.content?.digest;
    return digest === undefined ? [] : [[digest, memory.since[digest] ?? now.toISOString()] as const];
  });
  return {
    relation: relation?.id ?? '',
    application: relation?.application ?? '',
    since: Object.fromEntries(since),
    ...nextAuthorities(memory, found),
    discarded: found.flatMap(({ standing, request }) =>
      standing.state === 'revoked' ? (request?.content?.digest ?? []) : [],
    ),
    ...(rest === undefined ? {} : { look: lookOf(facts, found, rest) }),
  };
}

/** What is remembered of wishes without a provider. */
export function memoryWithout(memory: Memory, wanted: ReadonlySet<string>, over: boolean): Memory {
  const issuers = pick(memory.issuers, wanted);
  return {
    since: {},
    issuers,
    authorities: onlyUsed(memory.authorities, issuers),
    discarded: [],
    ...(over || memory.ended ? { ended: true } : {}),
  };
}

function nextAuthorities(memory: Memory, found: readonly Decision[]): Pick<Memory, 'issuers' | 'authorities'> {
  const seen = found.flatMap(({ authority }) =>
    authority === undefined ? [] : [[authorityDigest(authority), authority.trim()] as const],
  );
  const issuers = found.flatMap(({ wish, authority }) => {
    const known = memory.issuers[wish.id];
    const next = authority === undefined ? known : succession(known, authority);
    return next === undefined ? [] : [[wish.id, next] as const];
  });
  const used = Object.fromEntries(issuers);
  return { issuers: used, authorities: onlyUsed({ ...memory.authorities, ...Object.fromEntries(seen) }, used) };
}

function onlyUsed(authorities: Authorities, issuers: Readonly<Record<string, Succession>>): Authorities {
  const used = new Set(Object.values(issuers).flatMap(({ current, former }) => [current, former ?? '']));
  let size = 0;
  const fitting = Object.entries(authorities).filter(([id, pem]) => {
    if (!used.has(id)) return false;
    size += pem.length;
    // What does not fit is told apart by its digest all the same.
    return size <= LARGEST_AUTHORITIES;
  });
  return Object.fromEntries(fitting);
}

/** PEM is not repeated: it stands beside. */
function lookOf({ now, digest }: RelationFacts, found: readonly Decision[], { standing, reports }: Rest): Look {
  const times = found.flatMap(({ until }) => until?.getTime() ?? []);
  const until = new Date(Math.min(now.getTime() + LONGEST_LOOK_MS, ...times)).toISOString();
  const slim = [...standing].map(([id, each]): [string, Standing] => {
    if (each.state !== 'issued') return [id, each];
    const { formerAuthority: _, ...rest } = each;
    return [id, { ...rest, authority: '' }];
  });
  return { digest, until, standing: Object.fromEntries(slim), reports };
}

/** What was found at the last look, whole again. */
export function recollect(memory: Memory, { standing }: Look): ReadonlyMap<string, Standing> {
  return new Map(
    Object.entries(standing).map(([id, each]): [string, Standing] => {
      if (each.state !== 'issued') return [id, each];
      const { current = '', former = '' } = memory.issuers[id] ?? {};
      const formerAuthority = memory.authorities[former];
      return [
        id,
        { ...each, authority: memory.authorities[current] ?? '', ...(formerAuthority && { formerAuthority }) },
      ];
    }),
  );
}

function pick<T>(record: Readonly<Record<string, T>>, ids: ReadonlySet<string>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([id]) => ids.has(id)));
}
