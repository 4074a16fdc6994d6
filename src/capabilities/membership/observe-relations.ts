/** Relations of an endpoint, with the databags that a unit of its role may read. */

import type { Databag, Juju } from '../../clients/juju/juju.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import { readRemoteUnits } from '../../core/remote-units.ts';

export type Side = 'peer' | 'ours' | 'theirs';

/** `shared` is the control plane's application databag; ours only the leader may read, except on the peer relation. */
export async function observeRelations(juju: Juju, endpoint: string, side: Side): Promise<readonly RelationFacts[]> {
  const ids = await juju.relations.ids(endpoint);
  return Promise.all(
    ids.map(async (id) => {
      const readable = side !== 'ours' || (await juju.isLeader());
      const application = side === 'theirs' ? await juju.relations.application(id) : juju.identity.application;
      const none: Databag = {};
      const [{ units, ignored }, own, shared] = await Promise.all([
        readRemoteUnits(juju, id),
        juju.relations.unitBag(id, juju.identity.unit),
        readable ? juju.relations.applicationBag(id, application) : none,
      ]);
      return { id, application, units, ...(ignored.length > 0 ? { ignored } : {}), own, shared };
    }),
  );
}
