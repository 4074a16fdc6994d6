/** Certificate signing requests: read, made, decided on, deleted. */
import { validate as requestProblems } from './certificate-request.schema.json?validator';
import { isReason } from './failure.ts';
import { anything, ask, type Client, unlessNotFound } from './json.ts';
import type { CertificateRequest, Kubernetes } from './kubernetes.ts';

type NewCertificateRequest = Parameters<Kubernetes['createCertificateRequest']>[0];

interface Condition {
  readonly type: string;
  readonly reason?: string;
  readonly message?: string;
}

/** As far as it is looked at; what else it has is kept. */
export interface RequestObject {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly creationTimestamp?: string | null;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly request: string;
    readonly signerName: string;
    readonly username?: string;
    readonly expirationSeconds?: number | null;
    readonly groups?: readonly string[] | null;
    readonly usages?: readonly string[] | null;
  };
  readonly status?: { readonly certificate?: string | null; readonly conditions?: readonly Condition[] | null };
}

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

export function requestPath(name: string): string {
  return `${PATH}/${encodeURIComponent(name)}`;
}

export async function certificateRequest(client: Client, name: string): Promise<CertificateRequest | undefined> {
  const found = await unlessNotFound(readRequest(client, name));
  return found === undefined ? undefined : certificateRequestOf(found);
}

/** A dispatch that was killed after it made one finds it on the next try; another's of the same name is not ours to take. */
export async function createCertificateRequest(client: Client, wanted: NewCertificateRequest): Promise<void> {
  const body = {
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
    await ask(client, { method: 'POST', path: PATH, body }, anything);
  } catch (error) {
    if (!isReason(error, 'AlreadyExists')) throw error;
    const present = await certificateRequest(client, wanted.name);
    if (present?.request.trim() !== wanted.request.trim() || present.signerName !== wanted.signerName) throw error;
  }
}

export async function deleteCertificateRequest(client: Client, name: string): Promise<void> {
  await unlessNotFound(ask(client, { method: 'DELETE', path: requestPath(name) }, anything));
}

export function readRequest(client: Client, name: string): Promise<RequestObject> {
  return ask(client, { method: 'GET', path: requestPath(name) }, requestProblems);
}

const DECIDING = [
  { type: 'Denied', state: 'denied' },
  { type: 'Failed', state: 'failed' },
  { type: 'Approved', state: 'approved' },
] as const;

function certificateRequestOf({ metadata, spec, status }: RequestObject): CertificateRequest {
  const decided = DECIDING.flatMap(({ type, state }) =>
    (status?.conditions ?? [])
      .filter((condition) => condition.type === type)
      .map((condition) => ({ state, condition })),
  )[0];
  const { reason, message } = decided?.condition ?? {};
  const { expirationSeconds } = spec;
  return {
    name: metadata.name,
    uid: metadata.uid,
    signerName: spec.signerName,
    request: fromBase64(spec.request),
    usages: spec.usages ?? [],
    username: spec.username ?? '',
    groups: spec.groups ?? [],
    annotations: metadata.annotations ?? {},
    state: decided?.state ?? 'pending',
    createdAt: timeOf(metadata.creationTimestamp),
    ...(expirationSeconds === undefined || expirationSeconds === null ? {} : { expirationSeconds }),
    ...(reason === undefined ? {} : { reason }),
    ...(message === undefined ? {} : { message }),
    ...(status?.certificate ? { certificate: fromBase64(status.certificate) } : {}),
  };
}

function timeOf(text: string | null | undefined): string {
  const time = new Date(text ?? '');
  return Number.isNaN(time.getTime()) ? '' : time.toISOString();
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
