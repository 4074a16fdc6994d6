/** `refresh-certs scope=cluster`: the leader writes down what all units are to do; they do it in turn, each when it hears of it. */

import { CONTROL_PLANE_NAMES, clusterRefreshNews, orderClusterRefresh } from '../../certificates/index.ts';
import { JOINED } from '../../cluster/index.ts';
import type { Parameters } from '../../core/parameters.ts';
import type { Doors } from '../doors.ts';
import { type Member, readCommon, refuseBeyondAuthorities } from './member.ts';

export async function refreshCertsOfCluster(
  doors: Doors,
  { identity, cluster }: Member,
  parameters: Parameters,
): Promise<void> {
  const { juju, host } = doors;
  if (cluster.role !== 'control-plane' || !cluster.leader)
    throw new Error(
      `scope=cluster is for the leader: juju run ${juju.identity.application}/leader refresh-certs scope=cluster`,
    );
  for (const parameter of ['certificates', 'extra-sans'])
    if (parameters[parameter]) throw new Error(`${parameter} is of one unit; leave it out with scope=cluster`);
  const seconds = readCommon(parameters).expiresIn ?? identity.options.validitySeconds;
  await refuseBeyondAuthorities(doors, 'control-plane', CONTROL_PLANE_NAMES, seconds);
  const { parts } = await clusterRefreshNews(juju);
  const under = parts.find(({ peers }) => peers)?.order;
  if (under?.seconds === seconds) throw new Error('this is under way already; certs-status tells how far it is');
  const members = [...cluster.peers.units].flatMap(([unit, bag]) => (bag[JOINED] ? [unit] : []));
  const meant = new Map([
    [cluster.peers.id, [juju.identity.unit, ...members]],
    ...cluster.workers.map(
      ({ id, units }) => [id, [...units.keys()].filter((unit) => identity.workers.has(unit))] as const,
    ),
  ]);
  const at = host.now();
  const id = `${juju.identity.unit.replace('/', '-')}-${at.getTime()}`;
  orderClusterRefresh(juju, { id, seconds, at }, meant);
  const units = [...meant.values()].flat();
  await juju.actions.log(`asked of ${units.join(', ')}${under === undefined ? '' : ', instead of what was under way'}`);
  await juju.actions.setResults({ status: 'requested', units: String(units.length) });
}
