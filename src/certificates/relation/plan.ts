/** What to do next about certificates from a provider: pure. */

import type { UnitStatus } from '../../juju/status.ts';
import { type Answer, examineAnswer, isRefusal, type Refusal } from './answer.ts';
import type { RelationChange } from './change.ts';
import type { HeldCertificate, OwnRequest, RelationFacts, WishFacts } from './facts.ts';
import { algorithmName } from './keys.ts';
import { type Authorities, type Memory, NOTHING, sameMemory } from './memory.ts';
import { fulfils } from './read-request.ts';
import { renewalTime, secretExpiry } from './renewal.ts';
import { reportsOf, withoutProvider } from './reports.ts';
import type { Standing } from './standing.ts';
import { unsupported } from './unsupported.ts';
import { type CertificateWish, wishProblem } from './wish.ts';

export interface RelationPlan {
  readonly changes: readonly RelationChange[];
  /** By wish. */
  readonly standing: ReadonlyMap<string, Standing>;
  readonly reports: readonly UnitStatus[];
}

/** Looked at anew at least this often. */
const LONGEST_LOOK_MS = 24 * 60 * 60_000;

export function planRelation(facts: RelationFacts): RelationPlan {
  if (facts.settled)
    return {
      changes: [],
      standing: new Map(Object.entries(facts.settled.standing)),
      reports: facts.settled.reports,
    };
  if (facts.relation === undefined || facts.tooMany) return planWithout(facts);
  const found = facts.wishes.map((each) => decide(facts, each));
  const kept = new Set(found.flatMap(({ request, spared = [] }) => [...(request ? [request] : []), ...spared]));
  const renewed = new Set(found.flatMap(({ replaced }) => replaced ?? []));
  const stale = facts.requests.filter((request) => !kept.has(request) && !renewed.has(request));
  const changes = [
    ...stale.map((request) => withdrawal(facts, request, kept)),
    ...found.flatMap((each) => each.changes),
  ];
  const spent = spentMarks(facts, [...renewed, ...stale]);
  if (spent.length > 0) changes.push({ kind: 'forget-run-out', digests: spent });
  const standing = new Map(found.map(({ wish, standing: each }) => [wish.id, each]));
  const reports = reportsOf(facts.relation.application, facts.wishes, standing);
  const memory = nextMemory(facts, found, changes.length === 0 ? { standing, reports } : undefined);
  if (!sameMemory(memory, facts.memory)) changes.push({ kind: 'remember', memory });
  return { changes, standing, reports };
}

/** Nobody to ask: what is in service stays there, and what was kept for the former provider goes. */
function planWithout(facts: RelationFacts): RelationPlan {
  const { memory, wishes, now } = facts;
  const standing = new Map(wishes.map(({ wish }) => [wish.id, { state: 'unsent' } as const]));
  const over = !facts.tooMany && (facts.broken || memory.relation !== undefined);
  const ended = over && memory.ended !== true;
  const lost = ended ? { ...memory.lost, ...lifetimes(memory) } : memory.lost;
  const wanted = new Set(wishes.map(({ wish }) => wish.id));
  const next: Memory = {
    ...NOTHING,
    authorities: pick(memory.authorities, wanted),
    lost: pick(lost, wanted),
    ...(over || memory.ended ? { ended: true } : {}),
  };
  const changes: RelationChange[] = ended ? [{ kind: 'forget-relation' }] : [];
  if (facts.runOut.size > 0) changes.push({ kind: 'forget-run-out', digests: [...facts.runOut] });
  if (!facts.tooMany && !sameMemory(next, memory)) changes.push({ kind: 'remember', memory: next });
  return { changes, standing, reports: withoutProvider(facts.endpoint, facts.tooMany, wishes, next.lost, now) };
}

/** Marks of requests that are not there any more, or stay as they are; those of withdrawn ones go with them. */
function spentMarks({ runOut }: RelationFacts, withdrawn: readonly OwnRequest[]): readonly string[] {
  return [...runOut].filter((digest) => !withdrawn.some(({ content }) => content?.digest === digest));
}

interface Decision {
  readonly wish: CertificateWish;
  readonly standing: Standing;
  readonly changes: readonly RelationChange[];
  /** Stands in the databag and stays there. */
  readonly request?: OwnRequest;
  /** Stand there for what was wished before; they stay as long as nothing can be asked for in their place. */
  readonly spared?: readonly OwnRequest[];
  /** Stands in the databag and makes room for another. */
  readonly replaced?: OwnRequest;
  /** PEM of the issuer of what is held. */
  readonly authority?: string;
  /** Time at which this decision will be another one. */
  readonly until?: Date;
}

function decide(facts: RelationFacts, each: WishFacts): Decision {
  const { wish } = each;
  const problem = wishProblem(wish);
  if (problem !== undefined)
    return { wish, standing: { state: 'unsound', problem }, changes: [], spared: requestsOf(facts, each) };
  const request = requestOf(facts, each);
  if (request?.content === undefined) return decideToSend(facts, each);
  const { digest } = request.content;
  const held = facts.memory.discarded.includes(digest) ? undefined : facts.held.get(digest);
  if (wish.renew && isDue(facts, digest, held)) {
    const withdraw: RelationChange = { ...withdrawal(facts, request), id: wish.id, reason: 'renewal' };
    return {
      wish,
      replaced: request,
      standing: { state: 'requested', since: facts.now.toISOString(), overdue: false, renewal: true },
      changes: [withdraw, send(facts, wish, true)],
    };
  }
  return { ...judge(facts, each, digest, held), request };
}

/** The request of ours that asks for this, signed with its key. Of two the one that was answered. */
function requestOf(facts: RelationFacts, each: WishFacts): OwnRequest | undefined {
  const { wish, extensions, key } = each;
  if (key?.algorithm !== algorithmName(wish.key)) return undefined;
  const fitting = requestsOf(facts, each).filter(
    ({ authority, content }) =>
      authority === wish.authority && content !== undefined && fulfils(content, wish, extensions),
  );
  return fitting.find(({ content }) => content && facts.held.has(content.digest)) ?? fitting[0];
}

/** All that are signed with the wish's key, whatever they ask for. */
function requestsOf({ requests }: RelationFacts, { wish, key }: WishFacts): readonly OwnRequest[] {
  return requests.filter(
    ({ mode, content }) => mode === wish.mode && key !== undefined && content?.publicKey === key.id,
  );
}

function decideToSend(facts: RelationFacts, each: WishFacts): Decision {
  const { wish } = each;
  const what = unsupported(wish, facts.capabilities);
  if (what !== undefined)
    return { wish, standing: { state: 'unsupported', what }, changes: [], spared: requestsOf(facts, each) };
  return { wish, standing: { state: 'unsent' }, changes: [send(facts, wish, false)] };
}

/** The secret ran out; or, where nobody was told that, the safety net; or what we hold is over, and another agent's clock stood still. */
function isDue({ runOut, timing, now }: RelationFacts, digest: string, held: HeldCertificate | undefined): boolean {
  if (runOut.has(digest)) return true;
  return held !== undefined && renewalTime(held, timing).getTime() <= now.getTime();
}

function judge(
  facts: RelationFacts,
  { wish, key }: WishFacts,
  digest: string,
  held: HeldCertificate | undefined,
): Decision {
  const items = facts.certificates.filter((item) => item.digest === digest);
  const results = items
    .filter(({ revoked }) => !revoked)
    .map((item) => examineAnswer(wish, key?.id ?? '', item, facts.now));
  const answer = results.filter((result): result is Answer => !isRefusal(result)).toSorted(newestFirst)[0];
  if (answer !== undefined) return accept(facts, wish, digest, held, answer);
  if (items.some(({ revoked }) => revoked) && results.length === 0)
    return {
      wish,
      standing: { state: 'revoked' },
      changes: held === undefined ? [] : [{ kind: 'discard-certificate', wish, digest }],
    };
  if (held !== undefined) return holding(facts, wish, digest, held);
  const refused = results.find((result): result is Refusal => isRefusal(result));
  if (refused !== undefined)
    return { wish, changes: [], standing: { state: 'refused', why: refused.refused, detail: refused.detail } };
  const error = facts.errors.find((each) => each.digest === digest);
  if (error !== undefined)
    return { wish, changes: [], standing: { state: 'denied', code: error.code, message: error.message } };
  return unanswered(facts, wish, digest);
}

function unanswered({ memory, now, timing }: RelationFacts, wish: CertificateWish, digest: string): Decision {
  const since = memory.since[digest] ?? now.toISOString();
  const until = new Date(Date.parse(since) + timing.answerWithinMs);
  const overdue = until.getTime() <= now.getTime();
  const renewal = memory.authorities[wish.id] !== undefined;
  return {
    wish,
    changes: [],
    standing: { state: 'requested', since, overdue, renewal },
    ...(overdue ? {} : { until }),
  };
}

function accept(
  facts: RelationFacts,
  wish: CertificateWish,
  digest: string,
  held: HeldCertificate | undefined,
  answer: Answer,
): Decision {
  const next: HeldCertificate = {
    certificate: answer.certificate,
    authority: answer.authority.pem,
    chain: answer.chain.certificates.map(({ pem }) => pem).join('\n'),
    receivedAt: facts.now,
  };
  if (held !== undefined && sameCertificate(held, next)) return holding(facts, wish, digest, held);
  const expire = wish.renew ? secretExpiry(answer.certificate, facts.timing, facts.now).toISOString() : undefined;
  const change: RelationChange = { kind: 'keep-certificate', wish, digest, answer, expire, receivedAt: facts.now };
  return { ...holding(facts, wish, digest, next), changes: [change] };
}

function holding(facts: RelationFacts, wish: CertificateWish, digest: string, held: HeldCertificate): Decision {
  const { former } = succession(facts.memory.authorities[wish.id], held.authority);
  return {
    wish,
    authority: held.authority,
    changes: [],
    ...(wish.renew ? { until: renewalTime(held, facts.timing) } : {}),
    standing: {
      state: 'issued',
      request: digest,
      fingerprint: held.certificate.fingerprint,
      notAfter: held.certificate.notAfter.toISOString(),
      authority: held.authority,
      ...(former === undefined ? {} : { formerAuthority: former }),
    },
  };
}

/** Told apart by what they are, not by what they are called: an authority that renews itself keeps its name. */
function succession(known: Authorities | undefined, current: string): Authorities {
  if (known === undefined) return { current };
  if (known.current === current) return known;
  return { current, former: known.current };
}

function sameCertificate(a: HeldCertificate, b: HeldCertificate): boolean {
  return a.certificate.fingerprint === b.certificate.fingerprint && a.authority === b.authority && a.chain === b.chain;
}

function newestFirst(a: Answer, b: Answer): number {
  return b.certificate.notBefore.getTime() - a.certificate.notBefore.getTime();
}

function send(facts: RelationFacts, wish: CertificateWish, renewal: boolean): RelationChange {
  return { kind: 'send-request', relation: facts.relation?.id ?? '', wish, renewal };
}

/** @param kept requests that stay: of one that is there twice the certificate must stay, too. */
function withdrawal(
  facts: RelationFacts,
  request: OwnRequest,
  kept: ReadonlySet<OwnRequest> = new Set(),
): RelationChange & { kind: 'withdraw-request' } {
  const { mode, pem, authority, content } = request;
  const digest = content?.digest;
  const twice = [...kept].some((other) => other.mode === mode && other.content?.digest === digest);
  return {
    kind: 'withdraw-request',
    relation: facts.relation?.id ?? '',
    mode,
    pem,
    authority,
    digest,
    id: undefined,
    reason: content === undefined ? 'unreadable' : twice ? 'duplicate' : 'unwanted',
  };
}

function nextMemory(
  facts: RelationFacts,
  found: readonly Decision[],
  rest: { readonly standing: ReadonlyMap<string, Standing>; readonly reports: readonly UnitStatus[] } | undefined,
): Memory {
  const { memory, relation, now } = facts;
  const since = Object.fromEntries(
    found.flatMap(({ request }) => {
      const digest = request?.content?.digest;
      return digest === undefined ? [] : [[digest, memory.since[digest] ?? now.toISOString()]];
    }),
  );
  const authorities = Object.fromEntries(
    found.flatMap(({ wish, authority }) => {
      const known = memory.authorities[wish.id];
      const next = authority === undefined ? known : succession(known, authority);
      return next === undefined ? [] : [[wish.id, next]];
    }),
  );
  const times = found.flatMap(({ until }) => until?.getTime() ?? []);
  const until = new Date(Math.min(now.getTime() + LONGEST_LOOK_MS, ...times)).toISOString();
  const look =
    rest === undefined
      ? undefined
      : { digest: facts.digest, until, standing: Object.fromEntries(rest.standing), reports: rest.reports };
  const issued = new Set(found.flatMap(({ authority, wish }) => (authority === undefined ? [] : [wish.id])));
  return {
    relation: relation?.id ?? '',
    application: relation?.application ?? '',
    since,
    authorities,
    discarded: found.flatMap(({ standing, request }) =>
      standing.state === 'revoked' ? (request?.content?.digest ?? []) : [],
    ),
    lost: pick(memory.lost, new Set(facts.wishes.flatMap(({ wish }) => (issued.has(wish.id) ? [] : [wish.id])))),
    ...(look === undefined ? {} : { look }),
  };
}

/** By wish, when what was issued last runs out. */
function lifetimes({ look }: Memory): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(look?.standing ?? {}).flatMap(([id, standing]) =>
      standing.state === 'issued' ? [[id, standing.notAfter]] : [],
    ),
  );
}

function pick<T>(record: Readonly<Record<string, T>>, ids: ReadonlySet<string>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([id]) => ids.has(id)));
}
