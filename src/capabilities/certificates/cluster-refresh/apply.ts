/** Writes what is told of a refresh of the whole cluster. */

import type { Juju } from '../../../clients/juju/juju.ts';
import { formatEnded, formatOrder, formatReport, ORDER, type Order, REPORT } from './wire.ts';

/** Nothing is told where nobody has asked, or the relation is gone. */
export function reportRefresh(juju: Juju, relation: string | undefined, order: string | undefined, failure = ''): void {
  if (relation === undefined || order === undefined) return;
  juju.relations.setUnit(relation, { [REPORT]: formatReport({ id: order, failure }) });
}

export function clearRefreshReport(juju: Juju, relation: string | undefined): void {
  if (relation !== undefined) juju.relations.setUnit(relation, { [REPORT]: undefined });
}

/** @param units those that are meant, by relation; the peers' first. */
export function orderClusterRefresh(
  juju: Juju,
  order: Omit<Order, 'units'>,
  units: ReadonlyMap<string, readonly string[]>,
): void {
  for (const [relation, meant] of units)
    juju.relations.setApplication(relation, { [ORDER]: formatOrder({ ...order, units: meant }) });
}

/** The first of the relations keeps what came of it, for whoever asks. */
export function endClusterRefresh(
  juju: Juju,
  { at }: Order,
  [peers = '', ...workers]: readonly string[],
  ended: Date,
  summary: string,
): void {
  juju.relations.setApplication(peers, { [ORDER]: formatEnded({ at, ended, summary }) });
  for (const relation of workers) juju.relations.setApplication(relation, { [ORDER]: undefined });
  juju.log.info(`certificates of the cluster: ${summary}`);
}
