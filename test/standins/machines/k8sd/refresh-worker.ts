/**
 * The worker's part of a refresh: asks the cluster for certificates with the kubelet's credentials and waits until they are
 * approved and issued, or the client goes away. The requests stay.
 */

import { constants, createHash, publicEncrypt } from 'node:crypto';
import { at } from '../json.ts';
import { conditionsOf, hasCondition } from '../kubernetes/certificate-requests.ts';
import type { Asking } from '../kubernetes/objects.ts';
import type { NodeMachine } from '../node/machine.ts';
import { writeWorkerKubeconfigs, writeWorkerPems } from '../node/setup.ts';
import type { Pems } from '../pki/control-plane.ts';
import { makeSigningRequest, type Subject } from '../pki/issue.ts';
import { parseCertificate } from '../pki/parse.ts';
import { workerCertificates } from './certificate-names.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import { restartLater } from './refresh.ts';

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const POLL_MS = 50;

export interface WorkerRefresh {
  readonly names: readonly string[];
  readonly seed: string;
  readonly seconds: number;
  readonly sans: readonly string[];
}

interface Kind {
  readonly field: string;
  readonly signer: string;
  readonly usage: 'server auth' | 'client auth';
  readonly subject: (machine: NodeMachine) => Subject;
  readonly sans: (machine: NodeMachine, extra: readonly string[]) => readonly string[];
}

const kubelet = (machine: NodeMachine): Subject => ({
  commonName: `system:node:${hostname(machine)}`,
  organizations: ['system:nodes'],
});

const kinds: Readonly<Record<string, Kind>> = {
  kubelet: {
    field: 'kubelet',
    signer: 'k8sd.io/kubelet-serving',
    usage: 'server auth',
    subject: kubelet,
    sans: (machine, extra) => [hostname(machine), machine.address, ...extra],
  },
  'kubelet.conf': {
    field: 'kubelet-client',
    signer: 'k8sd.io/kubelet-client',
    usage: 'client auth',
    subject: kubelet,
    sans: () => [],
  },
  'proxy.conf': {
    field: 'kube-proxy-client',
    signer: 'k8sd.io/kube-proxy-client',
    usage: 'client auth',
    subject: () => ({ commonName: 'system:kube-proxy' }),
    sans: () => [],
  },
};

export async function runWorkerRefresh(
  machine: NodeMachine,
  gone: AbortSignal,
  refresh: WorkerRefresh,
): Promise<Reply> {
  const cluster = clusterOf(machine);
  try {
    const asking = await asKubelet(machine, cluster.id);
    const parts = await Promise.all(refresh.names.map((name) => obtain(machine, asking, refresh, name, gone)));
    const pems: Pems = Object.assign({}, ...parts) as Pems;
    const knowledge = machine.state.k8sd.member?.worker;
    // What was not asked for is blank, and is written so.
    await writeWorkerPems(machine, {
      ...pems,
      'ca-crt': knowledge?.caCrt ?? '',
      'client-ca-crt': knowledge?.clientCaCrt ?? '',
    });
    await writeWorkerKubeconfigs(machine, cluster.securePort, { ...pems, 'ca-crt': knowledge?.caCrt ?? '' });
    const end = parseCertificate(pems['kubelet-crt'] ?? '').validToDate;
    return {
      metadata: { 'expiration-seconds': Math.floor(end.getTime() / 1000) },
      afterSent: () => restartWorker(machine),
    };
  } catch (error) {
    if (error instanceof K8sdRefusal) throw error;
    throw new K8sdRefusal(500, `failed to refresh worker certificates: ${(error as Error).message}`);
  }
}

export function restartWorker(machine: NodeMachine): void {
  restartLater(machine, ['kubelet', 'kube-proxy']);
}

async function asKubelet(machine: NodeMachine, cluster: string): Promise<Asking> {
  if (!machine.services.isActive('k8s-apiserver-proxy') || !machine.site.api(cluster).reachable()) {
    throw new Error(`failed to get API group resources: dial tcp ${machine.address}:6443: connect: connection refused`);
  }
  return machine.site.asking(machine, 'kubelet.conf');
}

async function obtain(
  machine: NodeMachine,
  asking: Asking,
  refresh: WorkerRefresh,
  certificate: string,
  gone: AbortSignal,
): Promise<Pems> {
  const kind = kinds[certificate];
  if (kind === undefined) return {};
  const name = `k8sd-${refresh.seed}-${workerCertificates[certificate] ?? ''}`;
  const key = await machine.site.keys.draw();
  const request = await makeSigningRequest(kind.subject(machine), key, kind.sans(machine, refresh.sans));
  await asking('POST', PATH, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: {
      name,
      annotations: { 'k8sd.io/signature': signature(machine, request), 'k8sd.io/node': hostname(machine) },
    },
    spec: {
      request: Buffer.from(request).toString('base64'),
      signerName: kind.signer,
      expirationSeconds: refresh.seconds,
      usages: ['digital signature', 'key encipherment', kind.usage],
    },
  });
  return { [`${kind.field}-crt`]: await issued(machine, asking, name, gone), [`${kind.field}-key`]: key };
}

async function issued(machine: NodeMachine, asking: Asking, name: string, gone: AbortSignal): Promise<string> {
  for (;;) {
    if (gone.aborted) throw new Error('context canceled');
    const request = await asking('GET', `${PATH}/${name}`);
    const refused = conditionsOf(request).find(
      (condition) => condition['type'] === 'Denied' || condition['type'] === 'Failed',
    );
    if (refused !== undefined) {
      const word = refused['type'] === 'Denied' ? 'denied' : 'failed';
      throw new Error(
        `certificate signing request ${JSON.stringify(name)} was ${word}: ${String(refused['reason'])}: ${String(refused['message'] ?? '')}`,
      );
    }
    const certificate = at(request, 'status', 'certificate');
    if (hasCondition(request, 'Approved') && typeof certificate === 'string')
      return Buffer.from(certificate, 'base64').toString('utf8');
    await machine.timers.sleep(POLL_MS);
  }
}

/** The digest of the request, encrypted for k8sd. */
function signature(machine: NodeMachine, request: string): string {
  const key = machine.state.k8sd.member?.worker?.k8sdPublicKey ?? '';
  const digest = createHash('sha256').update(request).digest();
  return publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digest).toString('base64');
}

/** The operating system's, in lower case, whatever the node is called. */
function hostname(machine: NodeMachine): string {
  return machine.hostname.toLowerCase();
}
