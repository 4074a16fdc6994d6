/** Reads what other applications have of our authority's certificate, and writes what they should have. */

import type { Juju } from '../../../clients/juju/juju.ts';
import type { TransferChange, TransferFacts } from './plan.ts';

/** @param authorities PEM. */
export async function observeTransfer(
  juju: Juju,
  endpoint: string,
  authorities: readonly string[],
): Promise<TransferFacts> {
  const { relations, identity } = juju;
  const [ids, leader] = await Promise.all([relations.ids(endpoint), juju.isLeader()]);
  return {
    leader,
    authorities,
    relations: await Promise.all(
      ids.map(async (id) => {
        const application = await relations.application(id);
        const [remote, ownUnit, ownApplication] = await Promise.all([
          relations.applicationBag(id, application),
          relations.unitBag(id, identity.unit),
          leader ? relations.applicationBag(id, identity.application) : {},
        ]);
        return { id, remote, ownUnit, ownApplication };
      }),
    ),
  };
}

export function applyTransfer({ relations }: Juju, { relation, bag, entries }: TransferChange): void {
  if (bag === 'unit') relations.setUnit(relation, entries);
  else relations.setApplication(relation, entries);
}
