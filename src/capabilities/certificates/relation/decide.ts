/** What to do about one wish: ask for it, renew it, take what was issued, or tell why not. Pure. */

import { type Answer, examineAnswer, isRefusal, type Refusal } from './answer.ts';
import { succession } from './authorities.ts';
import type { RelationChange } from './change.ts';
import type { HeldCertificate, OwnRequest, RelationFacts, WishFacts } from './facts.ts';
import { algorithmName } from './keys.ts';
import { fulfils } from './read-request.ts';
import { renewalTime, secretExpiry } from './renewal.ts';
import type { Standing } from './standing.ts';
import { unsupported } from './unsupported.ts';
import { type CertificateWish, wishProblem } from './wish.ts';
import { withdrawal } from './withdraw.ts';

/** Answers to one request that are looked at: each costs signature checks, and a provider gives one, or a few while it renews its CA. */
const MOST_ANSWERS = 5;

export interface Decision {
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

export function decide(facts: RelationFacts, each: WishFacts): Decision {
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
  // Providers add to what they have written: the last ones are the newest.
  const items = facts.certificates.filter((item) => item.digest === digest).slice(-MOST_ANSWERS);
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
  const renewal = memory.issuers[wish.id] !== undefined;
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
  const { issuers, authorities } = facts.memory;
  const { former = '' } = succession(issuers[wish.id], held.authority);
  const formerAuthority = authorities[former];
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
      ...(formerAuthority === undefined ? {} : { formerAuthority }),
    },
  };
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
