/** Pods of a namespace that are not ready, as far as a status can name them. */

import { ListTooLarge } from './errors.ts';
import type { Client } from './json.ts';
import type { ListedObject, UnreadyPods } from './kubernetes.ts';
import { list } from './lists.ts';

/** Any node can fill a namespace with mirror pods: more names than these are counted and not kept. */
const MOST_NAMES = 5;
/** Twenty thousand Pods as large as they usually are; ten seconds' work. */
const MOST_CHARACTERS = 512 * 1024 * 1024;

interface PodObject extends ListedObject {
  readonly status?: {
    readonly phase?: unknown;
    readonly conditions?: unknown;
  };
}

/** Neither ready nor done. */
export async function unreadyPods(client: Client, namespace: string): Promise<UnreadyPods> {
  let last = { names: [] as string[], total: 0 };
  const query = { group: '', version: 'v1', resource: 'pods', namespace, most: MOST_CHARACTERS };
  const found = await list(client, query, () => {
    const result = { names: [] as string[], total: 0 };
    last = result;
    return {
      result,
      add: ({ metadata, status }: PodObject) => {
        if (status?.phase === 'Succeeded' || isReady(status?.conditions)) return;
        result.total += 1;
        if (result.names.length < MOST_NAMES) result.names.push(metadata.name);
      },
    };
  }).then(
    (all) => ({ ...(all ?? { names: [], total: 0 }), whole: true }),
    (error: unknown) => {
      if (error instanceof ListTooLarge) return { ...last, whole: false };
      throw error;
    },
  );
  return found;
}

function isReady(conditions: unknown): boolean {
  return (
    Array.isArray(conditions) &&
    conditions.some(
      (one: { readonly type?: unknown; readonly status?: unknown } | null) =>
        one?.type === 'Ready' && one.status === 'True',
    )
  );
}
