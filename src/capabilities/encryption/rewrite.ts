/**
 * Has every Secret written anew, so that all of them are under the cipher that every API server writes with by now, and sees in the datastore
 * that they are. What has been done is remembered from dispatch to dispatch; a Secret that cannot be written is named and holds up no other.
 */

import { type EtcdArguments, readStoredSecrets } from '../../clients/etcd/stored-secrets.ts';
import { ExpiredError, KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Kubernetes, SecretName, StoredSecret } from '../../clients/kubernetes/kubernetes.ts';
import { formatCipher } from './cipher.ts';
import type { Clients } from './clients.ts';
import { LONGEST_REASON, type RefusedSecret, type RewriteMark, recallRewrite, rememberRewrite } from './memory.ts';
import { EncryptionFailed } from './outcome.ts';
import { describeRefused, describeRollout } from './progress.ts';
import { type Unopened, unopenedIn } from './recovery.ts';
import type { Rollout } from './rollout.ts';

const PAGE = 500;
/** After which the next dispatch goes on: a unit that is busy for long hears of nothing. */
const PATIENCE_MS = 120_000;
/**
 * What an API server has encrypted with the former cipher just before it loaded the file has come to etcd by then, or never will: etcd gives
 * a write up after five seconds and two election timeouts (etcd, `ServerConfig.ReqTimeout`). One that came later than the list would stay
 * under a key that is about to be forgotten.
 */
const SETTLE_MS = 10_000;
/** More refusals than these have one cause, which is not in the Secrets: nothing is gained by asking for all of them. */
const MOST_REFUSED = 40;
/** Before a Secret is tried once more that the API server could not write for a reason of its own; unless it took longer than this to say so. */
const AGAIN_MS = 1_000;
/** After that a datastore that does not answer holds up no rotation: the API server has opened every value when it listed them. */
const UNVERIFIED_MS = 3_600_000;
/** Secrets that were missed are written once more; more often than that something else writes with the previous key. */
const MOST_MISSED = 1_000;

interface Work {
  readonly clients: Clients;
  readonly rollout: Rollout;
  readonly datastore: EtcdArguments;
  readonly over: () => boolean;
}

/**
 * Rejects with `EncryptionFailed` when not all could be written now; what has been is remembered.
 * @returns what nobody can read, when there is any: it is not to be gone on then.
 */
export async function rewriteSecrets(
  clients: Clients,
  rollout: Rollout,
  datastore: EtcdArguments,
): Promise<Unopened | undefined> {
  const { host, juju } = clients;
  const began = host.now().getTime();
  await host.sleep(Math.max(0, Math.min(SETTLE_MS, rollout.at.getTime() + SETTLE_MS - began)));
  const work: Work = { clients, rollout, datastore, over: () => host.now().getTime() - began > PATIENCE_MS };
  let mark = await recallRewrite(juju.state, rollout.step);
  const keep = (next: RewriteMark): void => {
    mark = next;
    rememberRewrite(juju.state, next);
  };
  try {
    if (mark.refused.length > 0) keep(await tryRefusedAgain(work, mark));
    while (mark.stage === 'list') {
      if (mark.refused.length >= MOST_REFUSED) throw blocked(rollout, mark, true);
      const step = await listed(work, mark);
      keep(step.mark);
      if (step.failure !== undefined) throw step.failure;
      if (mark.stage === 'list' && work.over()) throw unfinished(rollout, mark);
    }
    if (mark.refused.length > 0) throw blocked(rollout, mark, false);
    const unopened = await verify(work, () => mark, keep);
    if (unopened === undefined) rememberRewrite(juju.state, undefined);
    return unopened;
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    // One that no key opens makes every list fail; who it is only the datastore tells.
    const unopened = await unopenedOf(work);
    if (unopened !== undefined) return unopened;
    throw mark.refused.length > 0 ? blocked(rollout, mark, false) : waiting(rollout, error.message);
  }
}

interface Step {
  readonly mark: RewriteMark;
  readonly failure: KubernetesError | undefined;
}

/** One page. */
async function listed(work: Work, mark: RewriteMark): Promise<Step> {
  const kubernetes = await open(work);
  try {
    const { secrets, next } = await kubernetes.secretPage({ limit: PAGE, after: mark.after });
    const due = secrets.filter((secret) => mark.last === undefined || pathOf(secret) > mark.last);
    const {
      refused: more,
      taken,
      failure,
    } = await rewriteAll(work, kubernetes, due, MOST_REFUSED - mark.refused.length);
    const refused = [...mark.refused, ...more];
    const last = due[taken - 1];
    const whole = taken === due.length;
    const advanced: RewriteMark = {
      ...mark,
      stage: next !== undefined || !whole ? 'list' : refused.length > 0 ? 'refused' : 'verify',
      after: whole ? next : mark.after,
      last: last === undefined ? mark.last : pathOf(last),
      done: mark.done + taken - more.length,
      refused,
    };
    return { mark: advanced, failure };
  } catch (error) {
    // It does not say how to go on: from the beginning, up to the last one without writing any.
    if (error instanceof ExpiredError && mark.after !== undefined)
      return { mark: { ...mark, after: undefined }, failure: undefined };
    throw error;
  }
}

/** Nothing but those that could not be written before. */
async function tryRefusedAgain(work: Work, mark: RewriteMark): Promise<RewriteMark> {
  const kubernetes = await open(work);
  const refused = await rewriteNamed(work, kubernetes, mark.refused);
  const after = refused.length > 0 ? 'refused' : 'verify';
  return { ...mark, stage: mark.stage === 'list' ? 'list' : after, refused };
}

async function rewriteNamed(
  work: Work,
  kubernetes: Kubernetes,
  names: readonly SecretName[],
): Promise<readonly RefusedSecret[]> {
  const present: StoredSecret[] = [];
  for (const name of names) {
    const found = await kubernetes.storedSecret(name);
    if (found !== undefined) present.push(found);
  }
  const { refused, taken, failure } = await rewriteAll(work, kubernetes, present, MOST_REFUSED);
  if (failure !== undefined) throw failure;
  const untried = present.slice(taken).map(({ namespace, name }) => ({ namespace, name, why: 'not tried again yet' }));
  return [...refused, ...untried];
}

interface Rewritten {
  readonly refused: readonly RefusedSecret[];
  /** How many were come to, from the first one on. */
  readonly taken: number;
  /** What the API server did instead of answering as it should. */
  readonly failure: KubernetesError | undefined;
}

/** One after the other: to ask for more at once makes the API server no faster, and one that waits for a webhook would hold up the others. */
async function rewriteAll(
  { clients, over }: Work,
  kubernetes: Kubernetes,
  secrets: readonly StoredSecret[],
  mostRefused: number,
): Promise<Rewritten> {
  const refused: RefusedSecret[] = [];
  let taken = 0;
  for (const secret of secrets) {
    if (refused.length >= mostRefused || over()) break;
    const why = await refusalOf(clients, kubernetes, secret);
    if (why instanceof KubernetesError) return { refused, taken, failure: why };
    taken += 1;
    if (why === undefined) continue;
    const { namespace, name } = secret;
    clients.juju.log.warning(`Secret ${namespace}/${name} cannot be written: ${why}`);
    refused.push({ namespace, name, why: why.slice(0, LONGEST_REASON) });
  }
  return { refused, taken, failure: undefined };
}

/** Why this one cannot be written, undefined when it has been; the error itself when it is not for the Secret's sake. */
async function refusalOf(
  { host }: Pick<Clients, 'host'>,
  kubernetes: Kubernetes,
  secret: StoredSecret,
  again = true,
): Promise<string | KubernetesError | undefined> {
  const asked = host.now().getTime();
  try {
    await kubernetes.rewriteSecret(secret);
    return undefined;
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    // A webhook that does not answer lets the request run out of time, while the API server is well.
    const slow = error.status === 0 && (await kubernetes.ready());
    if (!slow && !isOfSecret(error)) return error;
    if (error.status !== 500 || !again || host.now().getTime() - asked > AGAIN_MS) return error.message;
    await host.sleep(AGAIN_MS);
    return refusalOf({ host }, kubernetes, secret, false);
  }
}

/** What a webhook, a policy, a limit or the Secret itself is the reason of; not an API server that is busy, gone, or knows us no longer. */
function isOfSecret({ status }: KubernetesError): boolean {
  return status === 500 || (status >= 400 && status < 500 && status !== 401 && status !== 408 && status !== 429);
}

/** Looks at every value in the datastore before the previous key is taken away from any API server. */
async function verify(
  work: Work,
  mark: () => RewriteMark,
  keep: (mark: RewriteMark) => void,
): Promise<Unopened | undefined> {
  const { clients, rollout, datastore } = work;
  for (let round = 0; ; ) {
    const look = { after: mark().verified, patienceMs: PATIENCE_MS, mostNames: MOST_MISSED };
    const stored = await readStoredSecrets(clients.host, datastore, look);
    if (typeof stored === 'string') return unverified(work, mark(), keep, stored);
    keep({ ...mark(), silentSince: undefined });
    const unopened = unopenedIn(rollout, stored);
    if (unopened !== undefined) return unopened;
    const goal = formatCipher(rollout.next ?? rollout.now);
    const missed = Object.entries(stored.names).flatMap(([cipher, names]) => (cipher === goal ? [] : names));
    if (missed.length > 0) {
      round += 1;
      if (round > 2) throw waiting(rollout, `${missed.length} Secrets are still under the previous key`);
      const refused = await rewriteNamed(work, await open(work), missed);
      if (refused.length > 0) {
        keep({ ...mark(), stage: 'refused', refused });
        throw blocked(rollout, mark(), false);
      }
    } else if (stored.until === undefined) return undefined;
    else keep({ ...mark(), verified: stored.until });
    if (work.over()) throw unfinished(rollout, mark());
  }
}

/** An etcd of the operator's, or one without its gateway, is not to be asked; one that does not answer now may do so later. */
function unverified(
  { clients, rollout }: Work,
  mark: RewriteMark,
  keep: (mark: RewriteMark) => void,
  why: string,
): undefined {
  const now = clients.host.now();
  const silentSince = mark.silentSince ?? now.toISOString();
  keep({ ...mark, silentSince });
  if (now.getTime() - Date.parse(silentSince) < UNVERIFIED_MS)
    throw waiting(rollout, `looking at the datastore: ${why}`, `until an hour is over, ${now.toISOString()}`);
  clients.juju.log.warning(`Secrets are written anew, and not seen in the datastore: ${why}`);
  return undefined;
}

async function unopenedOf({ clients, rollout, datastore }: Work): Promise<Unopened | undefined> {
  const stored = await readStoredSecrets(clients.host, datastore, { patienceMs: PATIENCE_MS });
  return typeof stored === 'string' ? undefined : unopenedIn(rollout, stored);
}

async function open({ clients, rollout }: Work): Promise<Kubernetes> {
  const kubernetes = await clients.kubernetes();
  if (kubernetes === undefined) throw waiting(rollout, 'there is no kubeconfig');
  return kubernetes;
}

/** In the order of the list. */
function pathOf({ namespace, name }: SecretName): string {
  return `${namespace}/${name}`;
}

function unfinished(rollout: Rollout, mark: RewriteMark): EncryptionFailed {
  if (mark.refused.length > 0) return blocked(rollout, mark, false);
  return waiting(rollout, `${mark.done} done`, `${mark.stage} ${mark.done} ${mark.verified ?? ''}`);
}

function waiting(rollout: Rollout, why: string, progress?: string): EncryptionFailed {
  return new EncryptionFailed('waiting', `${describeRollout(rollout, [])} (${why})`, progress);
}

function blocked(rollout: Rollout, { refused }: RewriteMark, more: boolean): EncryptionFailed {
  return new EncryptionFailed('blocked', describeRefused(rollout, refused, more));
}
