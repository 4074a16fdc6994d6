/**
 * The decision on a certificate signing request. It is a condition among others, which controllers write at the same time, so it is
 * read, added to, and written back against the version that was read.
 */
import type { Clock } from '../../time/clock.ts';
import { readRequest, requestPath } from './certificate-requests.ts';
import { KubernetesError } from './errors.ts';
import { isReason } from './failure.ts';
import { anything, ask, type Client } from './json.ts';
import type { Decision } from './kubernetes.ts';

const TRIES = 6;

/**
 * Decided so already counts as done. Rejects with `Conflict` when the opposite was decided, since Kubernetes takes no decision
 * back, and when another object has taken the name: its content is not what was looked at.
 */
export async function decide(
  client: Client,
  clock: Clock,
  name: string,
  type: 'Approved' | 'Denied',
  { uid, reason, message }: Decision,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await readRequest(client, name);
    if (uid !== undefined && found.metadata.uid !== uid)
      throw new KubernetesError(409, 'Conflict', `certificate signing request ${name} is another one by now`);
    const conditions = found.status?.conditions ?? [];
    if (conditions.some((condition) => condition.type === type)) return;
    const opposite = type === 'Approved' ? 'Denied' : 'Approved';
    if (conditions.some((condition) => condition.type === opposite)) {
      throw new KubernetesError(409, 'Conflict', `certificate signing request ${name} is ${opposite} already`);
    }
    const decided = { type, status: 'True', reason, message, lastUpdateTime: clock.now().toISOString() };
    const body = { ...found, status: { ...found.status, conditions: [...conditions, decided] } };
    try {
      await ask(client, { method: 'PUT', path: `${requestPath(name)}/approval`, body }, anything);
      return;
    } catch (error) {
      if (!isReason(error, 'Conflict') || attempt === TRIES) throw error;
      await clock.sleep(20 * 2 ** attempt);
    }
  }
}
