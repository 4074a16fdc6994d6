/** Has every Secret written anew, so that all of them are under the cipher that every API server writes with by now. */

import { KubernetesError } from '../../kubernetes/errors.ts';
import type { Kubernetes, StoredSecret } from '../../kubernetes/kubernetes.ts';
import type { Doors } from './doors.ts';
import { type RewriteMark, recallRewrite, rememberRewrite } from './memory.ts';
import { EncryptionFailed } from './outcome.ts';
import { describeRollout } from './progress.ts';
import type { Rollout } from './rollout.ts';

const PAGE = 500;
/** Requests at once: more than one API server is needed for nothing else. */
const AT_ONCE = 4;
/** After which the next dispatch goes on: a unit that is busy for long hears of nothing. */
const PATIENCE_MS = 120_000;
/**
 * What an API server has encrypted with the former cipher just before it loaded the file has come to etcd by then, or never will: etcd gives
 * a write up after five seconds and two election timeouts (etcd, `ServerConfig.ReqTimeout`). One that came later than the list would stay
 * under a key that is about to be forgotten.
 */
const SETTLE_MS = 10_000;

/** Rejects with `EncryptionFailed` when not all could be written now; what has been is remembered. */
export async function rewriteSecrets(doors: Doors, rollout: Rollout): Promise<void> {
  const { host, juju } = doors;
  const began = host.now().getTime();
  await host.sleep(Math.max(0, Math.min(SETTLE_MS, rollout.at.getTime() + SETTLE_MS - began)));
  let mark = await recallRewrite(juju.state, rollout.step);
  for (;;) {
    const after = await page(doors, rollout, mark);
    if (after === undefined) break;
    mark = after;
    rememberRewrite(juju.state, mark);
    if (host.now().getTime() - began > PATIENCE_MS) throw waiting(rollout, `${mark.done} done`);
  }
  rememberRewrite(juju.state, undefined);
}

/** @returns how far it is, or undefined when this was the last page. */
async function page(doors: Doors, rollout: Rollout, mark: RewriteMark): Promise<RewriteMark | undefined> {
  try {
    const kubernetes = await doors.kubernetes();
    if (kubernetes === undefined) throw waiting(rollout, 'there is no kubeconfig');
    const { secrets, next } = await kubernetes.secretPage({ limit: PAGE, after: mark.after });
    await rewriteAll(kubernetes, secrets);
    return next === undefined ? undefined : { ...mark, after: next, done: mark.done + secrets.length };
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    // etcd has compacted what the list was of: those that are written already cost a question each, and are not written again.
    if (error.reason === 'Expired' && mark.after !== undefined) return { ...mark, after: undefined, done: 0 };
    throw waiting(rollout, error.message);
  }
}

async function rewriteAll(kubernetes: Kubernetes, secrets: readonly StoredSecret[]): Promise<void> {
  const left = secrets.values();
  const worker = async () => {
    for (const secret of left) await kubernetes.rewriteSecret(secret);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function waiting(rollout: Rollout, why: string): EncryptionFailed {
  return new EncryptionFailed('waiting', `${describeRollout(rollout, [])} (${why})`);
}
