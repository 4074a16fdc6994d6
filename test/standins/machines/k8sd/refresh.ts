/** `POST k8sd/refresh-certs/plan` and `run`: new certificates from the CAs whose keys k8sd holds. */

import { randomInt } from 'node:crypto';
import { at } from '../json.ts';
import { readKubeconfig } from '../node/kubeconfig.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { kubeconfigs, writeControlPlaneKubeconfigs, writeRefreshedPems } from '../node/setup.ts';
import { completeControlPlane, firstAddresses, type Pems, refreshableFields } from '../pki/control-plane.ts';
import { fromNow, secondsFrom, type Validity } from '../pki/lifetime.ts';
import { parseCertificate } from '../pki/parse.ts';
import { startChange } from '../snapd/changes.ts';
import type { ClusterState } from '../state.ts';
import { controlPlaneCertificates, selected, workerCertificates } from './certificate-names.ts';
import { decodeBody, integer, texts } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import { runWorkerRefresh } from './refresh-worker.ts';
import type { Call } from './routes.ts';
import { refreshPlanShape, refreshRunShape } from './shapes.ts';
import { clientAuthority } from './worker-info.ts';

export function planRefresh({ machine, exchange }: Call): Reply {
  const asked = texts(decodeBody(exchange.body, refreshPlanShape(machine.minor)), 'certificates');
  const seed = randomSeed();
  const role = machine.state.k8sd.member?.role;
  if (role !== 'worker') {
    selected(controlPlaneCertificates, asked, 'control-plane');
    return { metadata: { seconds: seed, 'certificate-signing-requests': null } };
  }
  const names = selected(workerCertificates, asked, 'worker');
  return {
    metadata: {
      seconds: seed,
      'certificate-signing-requests': names.map((name) => `k8sd-${seed}-${workerCertificates[name] ?? ''}`),
    },
  };
}

/** Up to 63 bits, and always more than a JavaScript number holds exactly. */
function randomSeed(): bigint {
  return (
    (BigInt(randomInt(1, 2 ** 15)) << 48n) |
    (BigInt(randomInt(0, 2 ** 32)) << 16n) |
    BigInt(randomInt(0, 2 ** 16)) |
    (1n << 61n) |
    1n
  );
}

export async function runRefresh(call: Call): Promise<Reply> {
  const { machine, exchange } = call;
  const request = decodeBody(exchange.body, refreshRunShape(machine.minor));
  const asked = texts(request, 'certificates');
  const seconds = integer(request, 'expiration-seconds');
  const sans = texts(request, 'extra-sans');
  if (machine.state.k8sd.member?.role === 'worker') {
    const seed = request['seed'];
    return runWorkerRefresh(machine, exchange.gone, {
      names: selected(workerCertificates, asked, 'worker'),
      seed: typeof seed === 'bigint' || typeof seed === 'number' ? String(seed) : '0',
      seconds,
      sans,
    });
  }
  const names = selected(controlPlaneCertificates, asked, 'control-plane');
  return machine.k8sd.exclusive(() => renew(machine, names, seconds, sans));
}

async function renew(
  machine: NodeMachine,
  names: readonly string[],
  seconds: number,
  sans: readonly string[],
): Promise<Reply> {
  const cluster = clusterOf(machine);
  try {
    const present = await presentPems(machine);
    for (const name of names) {
      delete present[`${controlPlaneCertificates[name] ?? ''}-crt`];
      delete present[`${controlPlaneCertificates[name] ?? ''}-key`];
    }
    const validity = fromNow((start) => secondsFrom(start, seconds));
    const pems = await completeNode(machine, cluster, present, sans, validity);
    await writeRefreshedPems(machine, pems);
    await writeControlPlaneKubeconfigs(machine, cluster.securePort, pems);
    const end = parseCertificate(pems['apiserver-crt'] ?? '').validToDate;
    return {
      metadata: { 'expiration-seconds': Math.floor(end.getTime() / 1000) },
      afterSent: () => restartControlPlane(machine, cluster),
    };
  } catch (error) {
    throw new K8sdRefusal(500, `failed to refresh control plane certificates: ${(error as Error).message}`);
  }
}

/** A node's certificates over the CAs in the database. */
export function completeNode(
  machine: NodeMachine,
  cluster: ClusterState,
  present: Readonly<Pems>,
  sans: readonly string[],
  validity: Validity,
): Promise<Pems> {
  const authorities: Pems = {};
  for (const field of ['ca-crt', 'ca-key', 'front-proxy-ca-crt', 'front-proxy-ca-key', 'service-account-key']) {
    const pem = cluster.pems[field];
    if (pem !== undefined) authorities[field] = pem;
  }
  const client = clientAuthority(cluster);
  return completeControlPlane(
    { ...present, ...authorities, 'client-ca-crt': client.certificate, 'client-ca-key': client.key },
    {
      node: machine.state.k8sd.member?.name ?? '',
      sans,
      address: machine.address,
      serviceAddresses: firstAddresses(cluster.serviceCidr),
      validity,
      createAuthorities: false,
      managedEtcd: false,
      keys: machine.site.keys,
    },
  );
}

/** What is in the node's files now. Throws when one is missing. */
async function presentPems(machine: NodeMachine): Promise<Pems> {
  const pems: Pems = {};
  for (const field of refreshableFields) {
    const conf = kubeconfigs.find(([name]) => name === field)?.[1];
    if (conf === undefined) {
      pems[`${field}-crt`] = await machine.files.need(`${paths.pki}/${field}.crt`);
      pems[`${field}-key`] = await machine.files.need(`${paths.pki}/${field}.key`);
    } else {
      const { certificate, key } = readKubeconfig(await machine.files.need(`${paths.kubernetes}/${conf}`));
      pems[`${field}-crt`] = certificate;
      pems[`${field}-key`] = key;
    }
  }
  return pems;
}

/** Some time after the reply, by one `snap restart`; that it fails is only in the journal. */
export function restartControlPlane(machine: NodeMachine, cluster: ClusterState): void {
  const proxied = at(cluster.config, 'network', 'kube-proxy-enabled') !== false;
  restartLater(machine, [
    'containerd',
    'kube-controller-manager',
    ...(proxied ? ['kube-proxy'] : []),
    'kube-scheduler',
    'kubelet',
    'kube-apiserver',
  ]);
}

export function restartLater(machine: NodeMachine, services: readonly string[]): void {
  machine.timers.after(machine.site.delays.restartAfterRefresh, () => {
    try {
      startChange(machine, 'service-control', 'Running service command', {
        type: 'services',
        action: 'restart',
        services,
        enable: false,
        disable: false,
      });
    } catch {
      // Another change of the snap is in progress: k8sd logs that, and the services keep what they have.
    }
  });
}
