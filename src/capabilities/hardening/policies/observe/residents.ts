/** What lies in the namespaces that are not meant for users: of every kind that the API server knows, also of those that others brought. */

import type { Kind, Kubernetes } from '../../../../clients/kubernetes/kubernetes.ts';
import { messageOf } from '../../../../core/thrown.ts';
import type { NamedObject, ResidentFacts } from '../facts.ts';
import { gatherObjects } from './gather-rest.ts';
import { type Lists, RESERVED } from './lists.ts';

/** What comes and goes by itself, and what only shows other objects in another way. */
const PASSING: ReadonlySet<string> = new Set(['events.', 'events.events.k8s.io', 'pods.metrics.k8s.io']);
const MIRRORED = /(^|\.)(custom|external)\.metrics\.k8s\.io$/;

export async function residents(kubernetes: Kubernetes, lists: Lists): Promise<ResidentFacts> {
  const kinds = (await kubernetes.kinds()).filter(isListed);
  const unseen: string[] = [];
  const looks = kinds.map(async (kind) => {
    const inAll = kind.categories.includes('all');
    try {
      return (await residentsOf(lists, kind, inAll)).map((one) => ({ ...one, inAll }));
    } catch (error) {
      unseen.push(`${kind.resource}: ${messageOf(error)}`);
      return [];
    }
  });
  const found = (await Promise.all(looks)).flat();
  return { residents: found.toSorted(byName), unseen: unseen.sort() };
}

function isListed({ namespaced, verbs, resource, group }: Kind): boolean {
  return namespaced && verbs.includes('list') && !PASSING.has(`${resource}.${group}`) && !MIRRORED.test(group);
}

/** Of kinds that nobody asks for as a whole, only the namespaces are looked at that matter: the default one for all kinds. */
async function residentsOf(
  lists: Lists,
  { group, version, resource, kind }: Kind,
  inAll: boolean,
): Promise<readonly NamedObject[]> {
  const noted = await lists.noted(group, resource);
  if (noted !== undefined) return noted;
  const found: NamedObject[] = [];
  for (const namespace of inAll ? RESERVED : RESERVED.slice(0, 1)) {
    const query = { group, version, resource, namespace, metadataOnly: true } as const;
    found.push(...(await lists.within(query, () => gatherObjects(kind))));
  }
  return found;
}

function byName(one: NamedObject, other: NamedObject): number {
  const [a, b] = [one, other].map(({ namespace, kind, name }) => `${namespace} ${kind} ${name}`);
  return (a ?? '') < (b ?? '') ? -1 : 1;
}
