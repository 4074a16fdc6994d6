/**
 * Workers by the thousand, without their machines: units of an application that a test plays, which say in their databags what a worker
 * of ours says. The control plane is not told of each in two hooks of its own; it finds them all in the one hook after an
 * upgrade, which trusts no memory and reads every databag. What it remembers afterwards is its own work.
 */

import type { Model } from '../standins/juju/model.ts';
import type { RemoteApplication } from '../standins/juju/remote-application.ts';

export const RELATION = 'cluster';

/** An application without units yet, integrated with `k8s`. */
export async function integrateWorkers(model: Model, name: string): Promise<RemoteApplication> {
  const endpoints = { [RELATION]: { interface: 'k8s-cluster', role: 'requirer' } } as const;
  const workers = model.addRemoteApplication(name, { endpoints, units: 0 });
  await model.integrate('k8s:k8s-cluster', `${name}:${RELATION}`);
  await model.settle({ timeoutMs: 60_000 });
  return workers;
}

/**
 * Brings them to `total`. `like`: a unit of ours in the cluster, whose databag theirs resemble. `archive`: of the charm that runs. Resolves
 * when `k8s` is at rest.
 */
export async function addWorkers(
  model: Model,
  workers: RemoteApplication,
  { total, like, archive }: { readonly total: number; readonly like: string; readonly archive: string },
): Promise<void> {
  const { relations, units } = model.state;
  const related = Object.values(relations).filter((relation) =>
    relation.endpoints.some(({ name }) => name === 'k8s-cluster'),
  );
  const bag = related.map((relation) => relation.units[like]?.settings).find((found) => found !== undefined);
  const relation = related.find(({ endpoints }) => endpoints.some(({ application }) => application === workers.name));
  if (bag === undefined || relation === undefined) throw new Error(`${like} or ${workers.name} is in no such relation`);
  for (let number = workers.units().length; number < total; number += 1) {
    const address = `127.78.${Math.floor(number / 250)}.${(number % 250) + 1}`;
    const unit = workers.addUnit(address);
    const addresses = { 'ingress-address': address, 'private-address': address, 'egress-subnets': `${address}/32` };
    workers.setUnitBag(RELATION, unit, { ...bag, ...addresses, 'node-name': unit.replace('/', '-') });
    // As if each had got a token: a unit that merely says it has joined is not counted.
    Object.assign(relation.applications['k8s']?.settings ?? {}, { [unit]: `joined-${unit.replace('/', '-')}` });
    for (const { relations: known } of Object.values(units)) {
      const memory = known[relation.id];
      if (memory) memory.members[unit] = relation.units[unit]?.version ?? 0;
    }
  }
  await model.refresh('k8s', archive);
  await model.settle({ timeoutMs: 120_000 });
}
