/** Pods of a namespace that are not ready, as far as a status can name them. */

import type { Client } from './json.ts';
import type { ListedObject, UnreadyPods } from './kubernetes.ts';
import { list } from './lists.ts';

/** Any node can fill a namespace with mirror pods: more names than these are counted and not kept. */
const MOST_NAMES = 5;

interface PodObject extends ListedObject {
  readonly status?: {
    readonly phase?: unknown;
    readonly conditions?: unknown;
  };
}

/** Neither ready nor done. */
export async function unreadyPods(client: Client, namespace: string): Promise<UnreadyPods> {
  const found = await list(client, { group: '', version: 'v1', resource: 'pods', namespace }, () => {
    const result = { names: [] as string[], total: 0 };
    return {
      result,
      add: ({ metadata, status }: PodObject) => {
        if (status?.phase === 'Succeeded' || isReady(status?.conditions)) return;
        result.total += 1;
        if (result.names.length < MOST_NAMES) result.names.push(metadata.name);
      },
    };
  });
  return found ?? { names: [], total: 0 };
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
