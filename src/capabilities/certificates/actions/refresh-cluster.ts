/** `refresh-certs scope=cluster`: the leader writes down what all units are to do; they do it in turn, each when it hears of it. */

import type { Clients } from '../../../core/clients.ts';
import type { Parameters } from '../../../core/parameters.ts';
import { orderClusterRefresh } from '../cluster-refresh/apply.ts';
import { clusterRefreshNews } from '../cluster-refresh/observe.ts';
import { CONTROL_PLANE_NAMES } from '../names.ts';
import { type Member, readCommon, refuseBeyondAuthorities } from './member.ts';

export async function refreshCertsOfCluster(
  clients: Clients,
  { identity, node }: Member,
  parameters: Parameters,
): Promise<void> {
  const { juju, host } = clients;
  if (!node.leader || node.peers === undefined)
    throw new Error(
      `scope=cluster is for the leader: juju run ${juju.identity.application}/leader refresh-certs scope=cluster`,
    );
  for (const parameter of ['certificates', 'extra-sans'])
    if (parameters[parameter]) throw new Error(`${parameter} is of one unit; leave it out with scope=cluster`);
  const seconds = readCommon(parameters).expiresIn ?? identity.options.validitySeconds;
  await refuseBeyondAuthorities(clients, 'control-plane', CONTROL_PLANE_NAMES, seconds);
  const { parts } = await clusterRefreshNews(juju);
  const under = parts.find(({ peers }) => peers)?.order;
  if (under?.seconds === seconds) throw new Error('this is under way already; certs-status tells how far it is');
  const meant = new Map([
    [node.peers.id, [juju.identity.unit, ...node.members.keys()]],
    ...node.workers.map(
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
