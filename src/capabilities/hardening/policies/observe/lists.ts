/**
 * The lists of one look at the cluster: each kind is asked for once, however many facts come out of it, and what lies in the namespaces that are
 * not meant for users is noted on the way.
 */
import type { Gathering, Kubernetes, ListedObject, ListQuery } from '../../../../clients/kubernetes/kubernetes.ts';
import type { NamedObject } from '../facts.ts';
import { inTurn } from './in-turn.ts';

/** The API server's answers come over one connection; what waits for it waits in a queue. */
const TOGETHER = 4;

/** Namespaces that DISA V-242383 keeps free; CIS 5.6.4 wants the first one empty. */
export const RESERVED: readonly string[] = ['default', 'kube-public', 'kube-node-lease'];

export interface Lists {
  /** All objects of a kind. An empty gathering when there is no such kind. */
  all<I extends ListedObject, R>(
    query: ListQuery & { readonly kind: string },
    gather: () => Gathering<I, R>,
  ): Promise<R>;
  /** The objects of a kind in one namespace. */
  within<I extends ListedObject, R>(query: ListQuery, gather: () => Gathering<I, R>): Promise<R>;
  /** What was noted of a kind; undefined when nobody asks for all of it. Rejects as the list does. */
  noted(group: string, resource: string): Promise<readonly NamedObject[]> | undefined;
}

export function listsOf(kubernetes: Pick<Kubernetes, 'list'>): Lists {
  const made = new Map<string, Promise<readonly NamedObject[]>>();
  const turn = inTurn(TOGETHER);
  return {
    async all<I extends ListedObject, R>(
      { kind, ...query }: ListQuery & { readonly kind: string },
      gather: () => Gathering<I, R>,
    ): Promise<R> {
      const listed = turn(() => kubernetes.list(query, () => noting(kind, gather())));
      // A list of some of the objects says nothing of the others.
      if (query.fieldSelector === undefined) {
        const notes = listed.then((found) => found?.notes ?? []);
        // Whoever wants the notes hears of it; if nobody does, the list itself has told.
        notes.catch(() => undefined);
        made.set(`${query.resource}.${query.group}`, notes);
      }
      return (await listed)?.kept ?? gather().result;
    },
    within: async (query, gather) => (await turn(() => kubernetes.list(query, gather))) ?? gather().result,
    noted: (group, resource) => made.get(`${resource}.${group}`),
  };
}

function noting<I extends ListedObject, R>(
  kind: string,
  gathering: Gathering<I, R>,
): Gathering<I, { readonly kept: R; readonly notes: readonly NamedObject[] }> {
  const notes: NamedObject[] = [];
  return {
    result: { kept: gathering.result, notes },
    add: (item) => {
      const { namespace = '', name } = item.metadata;
      if (RESERVED.includes(namespace)) notes.push({ kind, namespace, name });
      gathering.add(item);
    },
  };
}
