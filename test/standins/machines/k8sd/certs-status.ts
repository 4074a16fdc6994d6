/** `GET k8sd/certs-status`: when the node's certificates end, and who issued them. */

import { timestamp } from '../kubernetes/store.ts';
import { readKubeconfig } from '../node/kubeconfig.ts';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { commonName, parseCertificate, requireRsaKey } from '../pki/parse.ts';
import type { ClusterState } from '../state.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';
import { clientAuthority } from './worker-info.ts';

interface Authority {
  readonly name: string;
  readonly expires: string;
  readonly 'externally-managed': boolean;
}

const controlPlane = [
  'apiserver',
  'apiserver-kubelet-client',
  'front-proxy-client',
  'kubelet',
  'admin.conf',
  'controller.conf',
  'kubelet.conf',
  'proxy.conf',
  'scheduler.conf',
];
const worker = ['kubelet', 'kubelet.conf', 'proxy.conf'];

export async function certificatesStatus({ machine }: Call): Promise<Reply> {
  const cluster = clusterOf(machine);
  const isWorker = machine.state.k8sd.member?.role === 'worker';
  try {
    const authorities = isWorker ? [] : authoritiesOf(cluster);
    const names = [...(isWorker ? worker : controlPlane)];
    const certificates = [];
    for (const name of names) certificates.push(describe(name, await read(machine, name), authorities, isWorker));
    if (!isWorker && cluster.datastoreType === 'external') {
      certificates.push(describe('client', await pair(machine, `${paths.etcdPki}/client`), authorities, false));
    }
    return { metadata: { certificates, 'certificate-authorities': authorities } };
  } catch (error) {
    throw new K8sdRefusal(500, `failed to get certificates status: ${(error as Error).message}`);
  }
}

function authoritiesOf(cluster: ClusterState): readonly Authority[] {
  const client = clientAuthority(cluster);
  const describeAuthority = (pem: string, key: string): Authority => {
    const certificate = parseCertificate(pem);
    return {
      name: commonName(certificate),
      expires: timestamp(certificate.validToDate),
      'externally-managed': key === '',
    };
  };
  return [
    describeAuthority(cluster.pems['ca-crt'] ?? '', cluster.pems['ca-key'] ?? ''),
    describeAuthority(client.certificate, client.key),
    describeAuthority(cluster.pems['front-proxy-ca-crt'] ?? '', cluster.pems['front-proxy-ca-key'] ?? ''),
  ];
}

/** Whose CA it is goes by the issuer's name alone; a worker calls all of its certificates external. */
function describe(name: string, pem: string, authorities: readonly Authority[], isWorker: boolean): unknown {
  const certificate = parseCertificate(pem);
  const issuer = commonName(certificate, 'issuer');
  const external = authorities.find((authority) => authority.name === issuer)?.['externally-managed'] ?? false;
  return {
    name,
    expires: timestamp(certificate.validToDate),
    'certificate-authority': issuer,
    'externally-managed': isWorker || external,
  };
}

async function read(machine: NodeMachine, name: string): Promise<string> {
  if (!name.endsWith('.conf')) return pair(machine, `${paths.pki}/${name}`);
  const config = readKubeconfig(await machine.files.need(`${paths.kubernetes}/${name}`));
  requireRsaKey(config.key);
  return config.certificate;
}

async function pair(machine: NodeMachine, path: string): Promise<string> {
  requireRsaKey(await machine.files.need(`${path}.key`));
  return machine.files.need(`${path}.crt`);
}
