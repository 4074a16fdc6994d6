/** Reads how far a refresh of the whole cluster is. Bags are remembered, so that it asks Juju for nothing while there is none. */

import type { Databag, Juju } from '../../../clients/juju/juju.ts';
import { readRemoteUnits } from '../../../core/remote-units.ts';
import type { Role } from '../../../core/role.ts';
import type { ClusterRefreshFacts, ClusterRefreshNews, OrderPart } from './facts.ts';
import { ORDER, parseEnded, parseOrder, parseReport, REPORT } from './wire.ts';

export async function observeClusterRefresh(juju: Juju, role: Role, leader: boolean): Promise<ClusterRefreshFacts> {
  const { relations, identity } = juju;
  const relation = (await relations.ids('cluster'))[0];
  if (relation === undefined) return { relation, order: undefined, report: undefined, parts: [] };
  const application = role === 'worker' ? await relations.application(relation) : identity.application;
  const [own, shared] = await Promise.all([
    relations.unitBag(relation, identity.unit),
    relations.applicationBag(relation, application),
  ]);
  return {
    relation,
    order: parseOrder(shared[ORDER]),
    report: parseReport(own[REPORT]),
    parts: leader ? await partsOf(juju, relation) : [],
  };
}

/** For an operator, on the leader. */
export async function clusterRefreshNews(juju: Juju): Promise<ClusterRefreshNews> {
  const { relations, identity } = juju;
  const peers = (await relations.ids('cluster'))[0];
  if (peers === undefined) return { parts: [], last: undefined };
  const shared = await relations.applicationBag(peers, identity.application);
  return { parts: await partsOf(juju, peers), last: parseEnded(shared[ORDER]) };
}

async function partsOf(juju: Juju, peers: string): Promise<readonly OrderPart[]> {
  const workers = await juju.relations.ids('k8s-cluster');
  const parts = await Promise.all([peers, ...workers].map((relation) => partOf(juju, relation, relation === peers)));
  return parts.filter((part) => part !== undefined);
}

async function partOf(juju: Juju, relation: string, peers: boolean): Promise<OrderPart | undefined> {
  const { relations, identity } = juju;
  const order = parseOrder((await relations.applicationBag(relation, identity.application))[ORDER]);
  if (order === undefined) return undefined;
  const bags = new Map<string, Databag>((await readRemoteUnits(juju, relation)).units);
  if (peers) bags.set(identity.unit, await relations.unitBag(relation, identity.unit));
  const reports = order.units.flatMap((unit) => {
    const bag = bags.get(unit);
    return bag === undefined ? [] : [[unit, parseReport(bag[REPORT])] as const];
  });
  return { relation, peers, order, reports: new Map(reports) };
}
