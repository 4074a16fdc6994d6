/** Pods as a kubelet reports them: what is bound to its node runs at once, and what is to go is gone at once. */

import { at, isObject } from '../json.ts';
import type { ClusterObjects } from './objects.ts';
import { typeOf } from './resources.ts';
import { timestamp } from './store.ts';

const PODS = typeOf('pods');

/** Status of a pod all of whose containers are ready. */
export function runningStatus(containers: readonly string[]): Record<string, unknown> {
  return {
    phase: 'Running',
    conditions: ['Initialized', 'ContainersReady', 'PodScheduled', 'Ready'].map((condition) => ({
      type: condition,
      status: 'True',
      lastTransitionTime: timestamp(),
    })),
    containerStatuses: containers.map((name) => ({
      name,
      ready: true,
      restartCount: 0,
      started: true,
      image: name,
      imageID: '',
      state: { running: { startedAt: timestamp() } },
    })),
  };
}

/** One look of the kubelet at the pods of its node. */
export async function runPods(objects: ClusterObjects, node: string): Promise<void> {
  for (const pod of await objects.list(PODS)) {
    if (at(pod, 'spec', 'nodeName') !== node) continue;
    const { namespace = '', name, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) await objects.delete(PODS, namespace, name);
    else if (at(pod, 'status', 'phase') === 'Pending')
      await objects.change(PODS, namespace, name, (present) => {
        const containers = at(present, 'spec', 'containers');
        const names = (Array.isArray(containers) ? containers : []).map((container) => String(at(container, 'name')));
        present['status'] = { ...(isObject(present['status']) ? present['status'] : {}), ...runningStatus(names) };
      });
  }
}
