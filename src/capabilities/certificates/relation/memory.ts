/** What a unit remembers of the integration between dispatches, in its unit state; everything else stands in databags and secrets. */

import type { Juju, State } from '../../../clients/juju/juju.ts';
import { fitsInState } from '../../../clients/juju/state.ts';
import { STATUS_WORDS, type UnitStatus } from '../../../clients/juju/status.ts';
import { isObject, readForeign } from '../../../core/foreign-json.ts';
import {
  flag,
  list,
  object,
  oneOf,
  or,
  record,
  type Shape,
  text,
  timestamp,
  variant,
  whole,
} from '../../../core/shapes.ts';
import type { RefusalKind } from './answer.ts';
import type { Authorities, Succession } from './authorities.ts';
import type { Standing } from './standing.ts';

export interface Memory {
  /** The integration that the rest is about. */
  readonly relation?: string;
  readonly application?: string;
  /** When each request, by its digest, was first seen in the databag; RFC 3339. */
  readonly since: Readonly<Record<string, string>>;
  /** By wish: the authority that issued its present certificate, and the one before. */
  readonly issuers: Readonly<Record<string, Succession>>;
  readonly authorities: Authorities;
  /** Digests of requests whose certificate was given up because it was revoked: within a dispatch its secret can still be read. */
  readonly discarded: readonly string[];
  /** The integration has ended, and all that was kept for it is gone. */
  readonly ended?: true;
  /** What was found when there was nothing left to do, and what it was found from. */
  readonly look?: Look;
}

export interface Look {
  /** Digest of everything that was looked at. */
  readonly digest: string;
  /** When time alone will make a difference; RFC 3339. */
  readonly until: string;
  /** Without the PEM of authorities. */
  readonly standing: Readonly<Record<string, Standing>>;
  readonly reports: readonly UnitStatus[];
}

export const NOTHING: Memory = { since: {}, issuers: {}, authorities: {}, discarded: [] };

const PEM = text(64 * 1024);
const state = <const T extends string>(name: T) => oneOf([name]);
const STANDING: Shape<Standing> = variant<Standing>('state', {
  issued: object(
    { state: state('issued'), request: text(), fingerprint: text(), notAfter: timestamp, authority: PEM },
    { formerAuthority: PEM },
  ),
  requested: object({ state: state('requested'), since: timestamp, overdue: flag, renewal: flag }),
  revoked: object({ state: state('revoked') }),
  denied: object({ state: state('denied'), code: whole(), message: text() }),
  refused: object({ state: state('refused'), why: text(60) as Shape<RefusalKind>, detail: text() }),
  unsupported: object({
    state: state('unsupported'),
    what: oneOf(['authorities', 'addresses', 'wildcards']),
  }),
  unsound: object({ state: state('unsound'), problem: text() }),
  unsent: object({ state: state('unsent') }),
});
const LOOK: Shape<Look> = object({
  digest: text(),
  until: timestamp,
  standing: record(STANDING),
  reports: list(object({ status: oneOf(STATUS_WORDS), message: text() })),
});
/** Without the look, which is only a shortcut. */
const REMEMBERED: Shape<Memory> = object(
  {
    since: or(record(timestamp), {}),
    issuers: or(record(object({ current: text() }, { former: text() })), {}),
    authorities: or(record(PEM), {}),
    discarded: or(list(text()), []),
  },
  { relation: text(), application: text(), ended: (value) => (value === true ? value : undefined) },
);

export async function recall(state: State, endpoint: string): Promise<Memory> {
  const written = await state.get(memoryKey(endpoint));
  const { look } = readForeign(written, object({ look: LOOK })) ?? {};
  return { ...(readForeign(written, REMEMBERED) ?? NOTHING), ...(look === undefined ? {} : { look }) };
}

/** Whether there is anything to remember of a provider; costs no question about an integration. */
export async function hasAsked({ state }: Juju, endpoint: string): Promise<boolean> {
  return !isNothing(await recall(state, endpoint));
}

export function remember(state: State, endpoint: string, memory: Memory): void {
  const key = memoryKey(endpoint);
  if (isNothing(memory)) {
    state.set(key, undefined);
    return;
  }
  // A provider's answers decide how much it is; what is given up first can be looked up or asked for again.
  const { look: _, ...withoutLook } = memory;
  const texts = [memory, withoutLook, { ...withoutLook, authorities: {}, issuers: {} }].map((each) =>
    JSON.stringify(each),
  );
  state.set(
    key,
    texts.find((text) => fitsInState(key, text)),
  );
}

/** The same memory, whatever the order of its parts. */
export function sameMemory(a: Memory, b: Memory): boolean {
  return canonical(a) === canonical(b);
}

/** Digests of requests whose certificates' secrets have run out, and which were not replaced yet. */
export async function recallRunOut(state: State, endpoint: string): Promise<ReadonlySet<string>> {
  const prefix = runOutKey(endpoint, '');
  return new Set(Object.keys(await state.entries(prefix)).map((key) => key.slice(prefix.length)));
}

export function rememberRunOut(state: State, endpoint: string, request: string, runOut: boolean): void {
  state.set(runOutKey(endpoint, request), runOut ? 'yes' : undefined);
}

function memoryKey(endpoint: string): string {
  return `tls/${endpoint}`;
}

function runOutKey(endpoint: string, request: string): string {
  return `tls-run-out/${endpoint}/${request}`;
}

function isNothing(memory: Memory): boolean {
  return sameMemory(memory, NOTHING);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
