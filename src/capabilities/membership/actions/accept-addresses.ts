/**
 * The action `accept-addresses`: an operator says which addresses a worker has. The leader records those that a worker has when it
 * gets its token, and believes no other afterwards, since root on the worker writes into its databag.
 */

import { canonicalAddress, isAddress } from '../../../core/addresses.ts';
import type { Action, ActionUnit } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { memberView } from '../../../core/member-view.ts';
import { listParameter, refuseUnknown, textParameter } from '../../../core/parameters.ts';
import type { ClusterFacts, ControlPlaneFacts } from '../facts.ts';
import {
  addressesKey,
  formatAddresses,
  recordedAddresses,
  reservedAddresses,
  reservedFor,
  saidAddresses,
} from '../records.ts';
import { allocations } from '../wire.ts';

/** More than that no machine has, and a databag is read by everybody. */
const MOST = 20;

export const acceptAddresses: Action<ClusterFacts, undefined> = { roles: ['control-plane'], run };

async function run({ juju }: Clients, asked: ActionUnit<ClusterFacts, undefined>): Promise<void> {
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['unit', 'addresses']);
  const unit = textParameter(parameters, 'unit', '');
  const given = readAddresses(listParameter(parameters, 'addresses', ''));
  const { node, facts: cluster } = await memberView(asked);
  if (!node.leader || cluster?.role !== 'control-plane')
    throw new Error(
      `this is for the leader: juju run ${juju.identity.application}/leader accept-addresses unit=${unit}`,
    );
  const { relation, said } = workerOf(cluster, unit);
  const addresses = given.length > 0 ? given : said;
  if (addresses.length === 0) throw new Error(`Juju gives no address for ${unit}; name them: addresses=192.0.2.10`);
  refuseOthers(cluster, unit, addresses);
  const before = recordedAddresses(relation.shared, unit) ?? [];
  juju.relations.setApplication(relation.id, { [addressesKey(unit)]: formatAddresses(addresses) });
  await juju.actions.setResults({
    unit,
    addresses: addresses.join(' '),
    before: before.join(' ') || 'none',
    next: `juju run ${unit} refresh-certs, for a certificate of kubelet with these addresses`,
  });
}

function readAddresses(words: readonly string[]): readonly string[] {
  const wrong = words.find((word) => !isAddress(word));
  if (wrong !== undefined)
    throw new Error(`addresses has ${JSON.stringify(wrong.slice(0, 80))}, which is no IP address`);
  const addresses = [...new Set(words.map(canonicalAddress))];
  if (addresses.length > MOST) throw new Error(`addresses has more than ${MOST}`);
  return addresses;
}

function workerOf({ workers }: ControlPlaneFacts, unit: string) {
  for (const relation of workers) {
    const bag = relation.units.get(unit);
    if (bag !== undefined && allocations(relation.shared).has(unit)) return { relation, said: saidAddresses(bag) };
  }
  const units = workers.flatMap(({ shared, units: all }) =>
    [...all.keys()].filter((one) => allocations(shared).has(one)),
  );
  throw new Error(
    `unit must be a worker that is in the cluster, or has a token for it: ${units.slice(0, 20).join(', ') || 'there is none'}`,
  );
}

/** An operator may know better than Juju what is a worker's, but one address cannot be that of two. */
function refuseOthers(cluster: ControlPlaneFacts, unit: string, addresses: readonly string[]): void {
  const reserved = reservedAddresses(cluster);
  for (const address of addresses) {
    const worker = cluster.workers
      .flatMap(({ shared, units }) =>
        [...units.keys()].map((other) => [other, recordedAddresses(shared, other)] as const),
      )
      .find(([other, recorded]) => other !== unit && recorded?.includes(address))?.[0];
    const owner = reservedFor(reserved, address) ?? worker;
    if (owner !== undefined) throw new Error(`${address} belongs to ${owner}; nothing was changed`);
  }
}
