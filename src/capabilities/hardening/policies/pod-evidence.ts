/** Pods and workloads as evidence, one after the other: there may be thousands, of which fifty are shown. */
import type { Found } from './evidence.ts';
import type { PodFacts, WorkloadFacts } from './facts.ts';
import { isOfUsers } from './pod-security.ts';
import type { Trait } from './pod-template.ts';

/** Pods of users that are not at their end. */
export function* ofUsers(pods: Iterable<PodFacts>): Generator<PodFacts> {
  for (const pod of pods) if (!pod.finished && isOfUsers(pod.namespace)) yield pod;
}

/** One piece of evidence for each pod, with all that it does of these. */
export function* breaches(pods: Iterable<PodFacts>, ...traits: readonly Trait[]): Generator<Found> {
  for (const pod of pods) {
    const found = breachesOf(pod, traits);
    if (found === '') continue;
    const what = podName(pod);
    yield pod.controller === undefined ? { what, found } : { what, found, aliases: [controllerName(pod)] };
  }
}

/** Workloads stand for their pods; pods are told for themselves only where nothing made them from a template. */
export function* templatesWith(
  trait: Trait,
  pods: Iterable<PodFacts>,
  workloads: readonly WorkloadFacts[],
): Generator<Found> {
  const made = workloads.filter(({ namespace, ofProduct }) => isOfUsers(namespace) && !ofProduct);
  for (const workload of made) {
    const found = breachesOf(workload, [trait]);
    if (found !== '') yield { what: workloadName(workload), found };
  }
  const names = new Set(made.map(workloadName));
  for (const pod of ofUsers(pods))
    if (pod.controller === undefined || !names.has(controllerName(pod))) yield* breaches([pod], trait);
}

export function podName({ namespace, name }: PodFacts): string {
  return `Pod ${namespace}/${name}`;
}

function breachesOf({ template }: Pick<PodFacts, 'template'>, traits: readonly Trait[]): string {
  return template.breaches
    .filter(({ trait }) => traits.includes(trait))
    .map(({ found }) => found)
    .join('; ');
}

function workloadName({ kind, namespace, name }: WorkloadFacts): string {
  return `${kind} ${namespace}/${name}`;
}

/** `Deployment team/app`. */
function controllerName({ namespace, controller = '' }: PodFacts): string {
  const [kind, name] = controller.split(' ');
  return `${kind} ${namespace}/${name}`;
}
