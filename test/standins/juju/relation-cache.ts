/**
 * Remote databags as a unit agent remembers them. It reads a member's databag once and then again only in a hook that is
 * about that member, so that a charm never sees a change before its `relation-changed`. An agent that restarts forgets.
 */

import { type Hook, isRelationHook } from './hook.ts';
import type { Settings } from './state.ts';

export interface RelationCaches {
  /** A hook begins: forgets units that are no members any more, and whatever the hook is about. */
  begin(members: ReadonlyMap<number, readonly string[]>, hook: Hook | undefined): void;
  /** Databag of a unit or application, read on the first call. */
  settings(relation: number, entity: string, read: () => Settings): Settings;
}

export function newRelationCaches(): RelationCaches {
  const caches = new Map<number, Map<string, Settings>>();
  return {
    begin(members, hook) {
      for (const [relation, cache] of caches) {
        const kept = members.get(relation);
        if (!kept) caches.delete(relation);
        for (const entity of cache.keys()) {
          if (entity.includes('/') && !kept?.includes(entity)) cache.delete(entity);
        }
      }
      if (hook && isRelationHook(hook)) caches.get(hook.relation)?.delete(hook.remoteUnit ?? hook.remoteApplication);
    },
    settings(relation, entity, read) {
      const cache = caches.get(relation) ?? new Map<string, Settings>();
      caches.set(relation, cache);
      const known = cache.get(entity);
      if (known) return known;
      const settings = structuredClone(read());
      cache.set(entity, settings);
      return settings;
    },
  };
}
