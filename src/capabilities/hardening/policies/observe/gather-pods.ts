/** Pods and what makes them, kept small: thousands of pods come from a few templates. */
import type { Gathering, ListedObject } from '../../../../clients/kubernetes/kubernetes.ts';
import type { PodFacts, WorkloadFacts } from '../facts.ts';
import type { ListedCronJob, ListedPod, ListedWorkload, PodSpec } from '../objects.ts';
import { type TemplateFacts, templateFacts } from '../pod-template.ts';
import { isOfProduct } from '../product.ts';

const APP_LABELS = ['k8s-app', 'app.kubernetes.io/name', 'app.kubernetes.io/part-of'];

export function gatherPods(): Gathering<ListedPod, PodFacts[]> {
  const result: PodFacts[] = [];
  const templates = sharing<TemplateFacts>();
  const nodes = sharing<string>();
  const controllers = sharing<string>();
  const apps = sharing<readonly string[]>();
  return {
    result,
    add: (pod) => {
      const { metadata, spec = {}, status } = pod;
      const controller = controllerOf(pod);
      result.push({
        namespace: metadata.namespace ?? '',
        name: metadata.name,
        node: nodes(spec.nodeName ?? ''),
        finished: status?.phase === 'Succeeded' || status?.phase === 'Failed',
        apps: apps(APP_LABELS.flatMap((label) => metadata.labels?.[label] ?? [])),
        controller: controller === undefined ? undefined : controllers(controller),
        template: templates(templateFacts(spec)),
      });
    },
  };
}

export function gatherWorkloads(kind: string): Gathering<ListedWorkload, WorkloadFacts[]> {
  return gatherTemplates(kind, ({ spec }: ListedWorkload) => spec?.template?.spec);
}

export function gatherCronJobs(): Gathering<ListedCronJob, WorkloadFacts[]> {
  return gatherTemplates('CronJob', ({ spec }) => spec?.jobTemplate?.spec?.template?.spec);
}

function gatherTemplates<I extends ListedObject & Pick<ListedWorkload, 'status'>>(
  kind: string,
  specOf: (object: I) => PodSpec | undefined,
): Gathering<I, WorkloadFacts[]> {
  const result: WorkloadFacts[] = [];
  const templates = sharing<TemplateFacts>();
  return {
    result,
    add: (object) =>
      result.push({
        kind,
        namespace: object.metadata.namespace ?? '',
        name: object.metadata.name,
        ofProduct: isOfProduct(object),
        template: templates(templateFacts(specOf(object) ?? {})),
        desired: object.status?.desiredNumberScheduled ?? 0,
        ready: object.status?.numberReady ?? 0,
      }),
  };
}

/** A ReplicaSet's name is its Deployment's with the hash of the template that its pods are labelled with. */
function controllerOf({ metadata }: ListedPod): string | undefined {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (owner === undefined) return undefined;
  const hash = `-${metadata.labels?.['pod-template-hash'] ?? ''}`;
  if (owner.kind === 'ReplicaSet' && hash !== '-' && owner.name.endsWith(hash))
    return `Deployment ${owner.name.slice(0, -hash.length)}`;
  return `${owner.kind} ${owner.name}`;
}

/** Gives the same object for equal ones. */
function sharing<T>(): (value: T) => T {
  const known = new Map<string, T>();
  return (value) => {
    const key = JSON.stringify(value);
    const present = known.get(key);
    if (present === undefined) known.set(key, value);
    return present ?? value;
  };
}
