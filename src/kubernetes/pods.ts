/** Pods of a namespace, as far as their health goes. */
import type { V1Pod } from '@kubernetes/client-node/dist/gen/models/V1Pod.js';
import type { Client } from './client.ts';
import type { Pod } from './kubernetes.ts';

export function pods({ ask, core }: Client, namespace: string): Promise<readonly Pod[]> {
  return ask(core.requests.listNamespacedPod(namespace), async (response) => {
    const { data } = await core.answers.listNamespacedPodWithHttpInfo(response);
    return { data: data.items.map(podOf) };
  });
}

function podOf({ metadata, status }: V1Pod): Pod {
  return {
    namespace: metadata?.namespace ?? '',
    name: metadata?.name ?? '',
    phase: status?.phase ?? 'Unknown',
    ready: status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false,
  };
}
