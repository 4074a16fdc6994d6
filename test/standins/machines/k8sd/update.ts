/** `POST k8sd/refresh-certs/update`: certificates that were issued elsewhere. */

import type { NodeMachine } from '../node/machine.ts';
import {
  writeControlPlaneKubeconfigs,
  writeRefreshedPems,
  writeWorkerKubeconfigs,
  writeWorkerPems,
} from '../node/setup.ts';
import type { Pems } from '../pki/control-plane.ts';
import { fromNow, yearsFrom } from '../pki/lifetime.ts';
import { decodeBody } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { requireWorkerPems } from './join.ts';
import { clusterOf } from './readiness.ts';
import { completeNode, restartControlPlane } from './refresh.ts';
import { restartWorker } from './refresh-worker.ts';
import type { Call } from './routes.ts';
import { updateShape } from './shapes.ts';

export async function updateCertificates({ machine, exchange }: Call): Promise<Reply> {
  const given = Object.fromEntries(
    Object.entries(decodeBody(exchange.body, updateShape)).map(([field, value]) => [field, String(value)]),
  );
  try {
    return machine.state.k8sd.member?.role === 'worker'
      ? await updateWorker(machine, given)
      : await machine.k8sd.exclusive(() => updateControlPlane(machine, given));
  } catch (error) {
    throw new K8sdRefusal(500, `failed to update certificates: ${(error as Error).message}`);
  }
}

/** What is not given is made anew for one year, with k8sd's own names and addresses only. */
async function updateControlPlane(machine: NodeMachine, given: Readonly<Pems>): Promise<Reply> {
  const cluster = clusterOf(machine);
  const validity = fromNow((start) => yearsFrom(start, 1));
  const pems = await completeNode(machine, cluster, given, [], validity);
  await writeRefreshedPems(machine, pems);
  await writeControlPlaneKubeconfigs(machine, cluster.securePort, pems);
  return { metadata: {}, afterSent: () => restartControlPlane(machine, cluster) };
}

async function updateWorker(machine: NodeMachine, given: Readonly<Pems>): Promise<Reply> {
  const cluster = clusterOf(machine);
  requireWorkerPems(given);
  const knowledge = machine.state.k8sd.member?.worker;
  const pems = { ...given, 'ca-crt': knowledge?.caCrt ?? '', 'client-ca-crt': knowledge?.clientCaCrt ?? '' };
  await writeWorkerPems(machine, pems);
  await writeWorkerKubeconfigs(machine, cluster.securePort, pems);
  return { metadata: {}, afterSent: () => restartWorker(machine) };
}
