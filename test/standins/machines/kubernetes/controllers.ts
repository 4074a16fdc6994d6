/** Controllers of a cluster: nodes that fall silent, and certificate requests that wait for their signer. */

import { constants, createHash, privateDecrypt } from 'node:crypto';
import { at, isObject } from '../json.ts';
import { clientAuthority } from '../k8sd/worker-info.ts';
import { issueLeaf, type ParsedSigningRequest, parseSigningRequest, type Subject, type Usage } from '../pki/issue.ts';
import { fromNow, secondsFrom, yearsFrom } from '../pki/lifetime.ts';
import type { Site } from '../site.ts';
import type { ClusterState, KubernetesObject } from '../state.ts';
import { conditionsOf, decode, hasCondition } from './certificate-requests.ts';
import { markSilentNodes } from './nodes.ts';
import type { ClusterObjects } from './objects.ts';
import { typeOf } from './resources.ts';

const CSRS = typeOf('certificatesigningrequests');
const YEARS = 10;

interface Signer {
  readonly usage: Usage;
  readonly usages: readonly string[];
  readonly authority: (cluster: ClusterState) => { readonly certificate: string; readonly key: string };
  readonly subject: (request: KubernetesObject) => Subject;
  readonly expected: (node: string) => Subject;
}

const requester = (request: KubernetesObject): string => String(at(request, 'spec', 'username'));
const groups = (request: KubernetesObject): string[] => {
  const list = at(request, 'spec', 'groups');
  return Array.isArray(list) ? list.map(String) : [];
};
const node = (name: string): Subject => ({ commonName: `system:node:${name}`, organizations: ['system:nodes'] });
const server = (cluster: ClusterState): { readonly certificate: string; readonly key: string } => ({
  certificate: cluster.pems['ca-crt'] ?? '',
  key: cluster.pems['ca-key'] ?? '',
});

/** The issued subject is who asked, with all of its groups, whatever the request says. */
const asker = (request: KubernetesObject): Subject => ({
  commonName: requester(request),
  organizations: groups(request),
});

const signers: Readonly<Record<string, Signer>> = {
  'k8sd.io/kubelet-serving': {
    usage: 'serverAuth',
    usages: ['digital signature', 'key encipherment', 'server auth'],
    authority: server,
    subject: asker,
    expected: node,
  },
  'k8sd.io/kubelet-client': {
    usage: 'clientAuth',
    usages: ['digital signature', 'key encipherment', 'client auth'],
    authority: clientAuthority,
    subject: asker,
    expected: node,
  },
  'k8sd.io/kube-proxy-client': {
    usage: 'clientAuth',
    usages: ['digital signature', 'key encipherment', 'client auth'],
    authority: clientAuthority,
    subject: () => ({ commonName: 'system:kube-proxy' }),
    expected: () => ({ commonName: 'system:kube-proxy' }),
  },
};

/** When each request was first seen approved, by uid: they are signed some time later. */
export type Waiting = Map<string, number>;

export async function runControllers(site: Site, cluster: ClusterState, waiting: Waiting): Promise<void> {
  const api = site.api(cluster.id);
  if (!api.reachable()) return;
  const objects = site.objects(cluster.id);
  if (!objects.controlled) await markSilentNodes(site, cluster, objects);
  const k8sdUp = cluster.members.some(({ machine }) => site.machines.get(machine)?.services.isActive('k8sd') === true);
  for (const request of await objects.list(CSRS)) {
    if (
      at(request, 'status', 'certificate') !== undefined ||
      hasCondition(request, 'Denied') ||
      hasCondition(request, 'Failed')
    )
      continue;
    const signer = signers[String(at(request, 'spec', 'signerName'))];
    if (signer === undefined) {
      if (!objects.controlled) await signBuiltIn(site, cluster, objects, request);
    } else if (k8sdUp) await handle(site, cluster, objects, request, signer, waiting);
  }
}

async function handle(
  site: Site,
  cluster: ClusterState,
  objects: ClusterObjects,
  request: KubernetesObject,
  signer: Signer,
  waiting: Waiting,
): Promise<void> {
  if (!hasCondition(request, 'Approved')) {
    if (at(cluster.config, 'annotations', 'k8sd/v1alpha1/csrsigning/auto-approve') === 'true')
      await approveOrDeny(cluster, objects, request, signer);
    return;
  }
  const since = waiting.get(request.metadata.uid) ?? Date.now();
  waiting.set(request.metadata.uid, since);
  if (Date.now() - since < site.delays.signing) return;
  waiting.delete(request.metadata.uid);
  const authority = signer.authority(cluster);
  if (authority.key === '') {
    const failed = { type: 'Failed', status: 'True', reason: 'MissingCAKey', message: 'the CA key is not available' };
    await objects.sign(request, { conditions: [...conditionsOf(request), failed] });
    return;
  }
  const parsed = await parseSigningRequest(decode(at(request, 'spec', 'request')));
  await issue(objects, request, parsed, authority, signer.subject(request), [signer.usage]);
}

async function issue(
  objects: ClusterObjects,
  request: KubernetesObject,
  parsed: ParsedSigningRequest,
  issuer: { readonly certificate: string; readonly key: string },
  subject: Subject,
  usages: readonly Usage[],
): Promise<void> {
  const seconds = at(request, 'spec', 'expirationSeconds');
  const validity = fromNow((start) =>
    typeof seconds === 'number' ? secondsFrom(start, seconds) : yearsFrom(start, YEARS),
  );
  const certificate = await issueLeaf({
    subject,
    publicKey: parsed.publicKey,
    issuer,
    sans: parsed.sans,
    usages,
    validity,
  });
  const present = await objects.find(CSRS, '', request.metadata.name);
  if (present === undefined || present.metadata.uid !== request.metadata.uid) return;
  const status = isObject(present['status']) ? present['status'] : {};
  await objects.sign(present, { ...status, certificate: Buffer.from(certificate).toString('base64') });
}

async function approveOrDeny(
  cluster: ClusterState,
  objects: ClusterObjects,
  request: KubernetesObject,
  signer: Signer,
): Promise<void> {
  const problem = await objection(cluster, request, signer);
  const decision =
    problem === undefined
      ? { type: 'Approved', reason: 'K8sdApprove', message: 'CSR approved by k8sd' }
      : { type: 'Denied', reason: 'K8sdDeny', message: `CSR is not valid: ${problem}` };
  await objects.decide(request, [...conditionsOf(request), { ...decision, status: 'True' }]);
}

/** What k8sd looks at before it approves by itself; names and addresses are not among it. */
async function objection(
  cluster: ClusterState,
  request: KubernetesObject,
  signer: Signer,
): Promise<string | undefined> {
  const annotations = request.metadata.annotations ?? {};
  const name = annotations['k8sd.io/node'] ?? '';
  const pem = decode(at(request, 'spec', 'request'));
  if (!signed(cluster, annotations['k8sd.io/signature'] ?? '', pem)) return 'signature does not match';
  if (name === '' || name !== name.toLowerCase()) return `invalid node name ${JSON.stringify(name)}`;
  if (requester(request) !== `system:node:${name}`) return `requester ${requester(request)} is not system:node:${name}`;
  if (!groups(request).includes('system:nodes')) return 'requester is not in group system:nodes';
  const usages = at(request, 'spec', 'usages');
  if (JSON.stringify([...(usages as string[])].sort()) !== JSON.stringify([...signer.usages].sort()))
    return 'unexpected usages';
  const parsed = await parseSigningRequest(pem);
  const expected = signer.expected(name);
  const sameOrganizations =
    JSON.stringify(parsed.subject.organizations ?? []) === JSON.stringify(expected.organizations ?? []);
  return parsed.subject.commonName === expected.commonName && sameOrganizations ? undefined : 'unexpected subject';
}

function signed(cluster: ClusterState, signature: string, pem: string): boolean {
  try {
    const digest = privateDecrypt(
      { key: cluster.k8sdPrivateKey, padding: constants.RSA_PKCS1_PADDING },
      Buffer.from(signature, 'base64'),
    );
    return digest.equals(createHash('sha256').update(pem).digest());
  } catch {
    return false;
  }
}

/**
 * Kubernetes' own signers, run by a controller manager that was given a CA. By default that is the server CA, whose client
 * certificates no API server of this cluster believes.
 */
async function signBuiltIn(
  site: Site,
  cluster: ClusterState,
  objects: ClusterObjects,
  request: KubernetesObject,
): Promise<void> {
  const signer = String(at(request, 'spec', 'signerName'));
  const kinds: Readonly<Record<string, readonly [string, readonly Usage[]]>> = {
    'kubernetes.io/kube-apiserver-client': ['kube-apiserver-client', ['clientAuth']],
    'kubernetes.io/kube-apiserver-client-kubelet': ['kubelet-client', ['clientAuth']],
    'kubernetes.io/kubelet-serving': ['kubelet-serving', ['serverAuth']],
  };
  const kind = kinds[signer];
  if (kind === undefined || !hasCondition(request, 'Approved')) return;
  const [flag, usages] = kind;
  for (const { machine: id } of cluster.members) {
    const machine = site.machines.get(id);
    const values = machine?.services.running('kube-controller-manager');
    const certificate = values?.[`--cluster-signing-${flag}-cert-file`] ?? values?.['--cluster-signing-cert-file'];
    const key = values?.[`--cluster-signing-${flag}-key-file`] ?? values?.['--cluster-signing-key-file'];
    if (machine === undefined || certificate === undefined || key === undefined) continue;
    const parsed = await parseSigningRequest(decode(at(request, 'spec', 'request')));
    const issuer = { certificate: await machine.files.need(certificate), key: await machine.files.need(key) };
    return issue(objects, request, parsed, issuer, parsed.subject, usages);
  }
}
