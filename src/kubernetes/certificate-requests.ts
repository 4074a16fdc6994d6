/** Certificate signing requests: read, made, decided on, deleted. */
import type { V1CertificateSigningRequest } from '@kubernetes/client-node/dist/gen/models/V1CertificateSigningRequest.js';
import type { Client } from './client.ts';
import { KubernetesError } from './errors.ts';
import { isReason } from './failure.ts';
import type { CertificateRequest, Kubernetes } from './kubernetes.ts';

type NewCertificateRequest = Parameters<Kubernetes['createCertificateRequest']>[0];

export async function certificateRequest(client: Client, name: string): Promise<CertificateRequest | undefined> {
  const found = await unlessNotFound(readRequest(client, name));
  return found === undefined ? undefined : certificateRequestOf(found);
}

export function certificateRequests({ ask, certificates }: Client): Promise<readonly CertificateRequest[]> {
  return ask(certificates.requests.listCertificateSigningRequest(), async (response) => {
    const { data } = await certificates.answers.listCertificateSigningRequestWithHttpInfo(response);
    return { data: data.items.map(certificateRequestOf) };
  });
}

/** A dispatch that was killed after it made one finds it on the next try; another's of the same name is not ours to take. */
export async function createCertificateRequest(client: Client, wanted: NewCertificateRequest): Promise<void> {
  const { ask, certificates } = client;
  const body: V1CertificateSigningRequest = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: wanted.name, annotations: { ...wanted.annotations } },
    spec: {
      signerName: wanted.signerName,
      request: Buffer.from(wanted.request, 'utf8').toString('base64'),
      usages: [...wanted.usages],
      expirationSeconds: wanted.expirationSeconds,
    },
  };
  try {
    await ask(certificates.requests.createCertificateSigningRequest(body), (response) =>
      certificates.answers.createCertificateSigningRequestWithHttpInfo(response),
    );
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const present = await certificateRequest(client, wanted.name);
    if (present?.request.trim() !== wanted.request.trim() || present.signerName !== wanted.signerName) throw error;
  }
}

export async function deleteCertificateRequest({ ask, certificates }: Client, name: string): Promise<void> {
  await unlessNotFound(
    ask(certificates.requests.deleteCertificateSigningRequest(name), (response) =>
      certificates.answers.deleteCertificateSigningRequestWithHttpInfo(response),
    ),
  );
}

export function readRequest({ ask, certificates }: Client, name: string): Promise<V1CertificateSigningRequest> {
  return ask(certificates.requests.readCertificateSigningRequest(name), (response) =>
    certificates.answers.readCertificateSigningRequestWithHttpInfo(response),
  );
}

const DECIDING = [
  { type: 'Denied', state: 'denied' },
  { type: 'Failed', state: 'failed' },
  { type: 'Approved', state: 'approved' },
] as const;

function certificateRequestOf({ metadata, spec, status }: V1CertificateSigningRequest): CertificateRequest {
  const decided = DECIDING.flatMap(({ type, state }) =>
    (status?.conditions ?? [])
      .filter((condition) => condition.type === type)
      .map((condition) => ({ state, condition })),
  )[0];
  const { reason, message } = decided?.condition ?? {};
  return {
    name: metadata?.name ?? '',
    uid: metadata?.uid ?? '',
    signerName: spec.signerName,
    request: fromBase64(spec.request),
    usages: spec.usages ?? [],
    username: spec.username ?? '',
    groups: spec.groups ?? [],
    annotations: metadata?.annotations ?? {},
    state: decided?.state ?? 'pending',
    createdAt: metadata?.creationTimestamp?.toISOString() ?? '',
    ...(spec.expirationSeconds === undefined ? {} : { expirationSeconds: spec.expirationSeconds }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(status?.certificate ? { certificate: fromBase64(status.certificate) } : {}),
  };
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}

async function unlessNotFound<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof KubernetesError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
