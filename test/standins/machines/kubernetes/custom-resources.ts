/** Kinds that CustomResourceDefinitions in the store bring: they are served as soon as the definition exists, and no longer. */

import { at } from '../json.ts';
import type { KubernetesObject } from '../state.ts';
import { type ResourceType, typeOf } from './resources.ts';
import type { Store } from './store.ts';

export function customTypes(store: Store): readonly ResourceType[] {
  return store.list(typeOf('customresourcedefinitions')).flatMap((definition) => {
    const versions = at(definition, 'spec', 'versions');
    if (!Array.isArray(versions)) return [];
    return versions.filter((version) => at(version, 'served') === true).map((version) => typeIn(definition, version));
  });
}

export function customType(store: Store, group: string, version: string, resource: string): ResourceType | undefined {
  if (store.find(typeOf('customresourcedefinitions'), '', `${resource}.${group}`) === undefined) return undefined;
  return customTypes(store).find(
    (type) => type.group === group && type.version === version && type.resource === resource,
  );
}

function typeIn(definition: KubernetesObject, version: unknown): ResourceType {
  const name = (field: string): string => String(at(definition, 'spec', 'names', field));
  const categories = at(definition, 'spec', 'names', 'categories');
  return {
    group: String(at(definition, 'spec', 'group')),
    version: String(at(version, 'name')),
    resource: name('plural'),
    kind: name('kind'),
    namespaced: at(definition, 'spec', 'scope') === 'Namespaced',
    status: false,
    shortNames: [],
    subresources: [],
    categories: Array.isArray(categories) ? categories.map(String) : [],
  };
}

const ANYTHING = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } as const;

/** A definition with one version that is served. */
export function customResourceDefinition(
  group: string,
  version: string,
  plural: string,
  kind: string,
  scope: 'Namespaced' | 'Cluster' = 'Namespaced',
) {
  return {
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema: ANYTHING }],
    },
  };
}
