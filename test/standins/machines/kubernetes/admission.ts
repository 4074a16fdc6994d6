/** Admission: what a user that may use a verb may still not do. NodeRestriction, the approval of certificates and PodSecurity. */

import { at, isObject } from '../json.ts';
import type { KubernetesObject } from '../state.ts';
import type { User } from './authenticate.ts';
import { allowed, type Mode, nodeName } from './authorize.ts';
import { type PodSecurity, violation } from './pod-security.ts';
import { type ResourceType, typeOf } from './resources.ts';
import { type ApiError, forbidden } from './status.ts';
import type { Store } from './store.ts';

export interface Admission {
  readonly verb: 'create' | 'update';
  readonly type: ResourceType;
  readonly subresource: string;
  readonly object: KubernetesObject;
  readonly present?: KubernetesObject;
  readonly store: Store;
  readonly mode: Mode;
  readonly podSecurity: PodSecurity;
}

/** Throws Forbidden. */
export function admit(user: User, admission: Admission): void {
  if (admission.type.resource === 'pods' && admission.verb === 'create') requirePodSecurity(user, admission);
  if (admission.type.resource === 'nodes') restrictNode(user, admission);
  if (admission.type.resource === 'certificatesigningrequests') requireSignerPermission(user, admission);
}

/** Labels of Kubernetes' own domains that a kubelet may set on its Node. */
const nodeLabels = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

function restrictNode(user: User, admission: Admission): void {
  const node = nodeName(user);
  if (node === undefined) return;
  const name = admission.object.metadata.name;
  if (name !== node)
    throw deny(admission, `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`);
  const before = admission.present?.metadata.labels ?? {};
  const after = admission.object.metadata.labels ?? {};
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (label) => before[label] !== after[label],
  );
  const refused = changed.filter(isRestricted).sort();
  if (refused.length > 0) throw deny(admission, `is not allowed to modify labels: ${refused.join(', ')}`);
  if (
    admission.present !== undefined &&
    JSON.stringify(at(admission.present, 'spec', 'taints')) !== JSON.stringify(at(admission.object, 'spec', 'taints'))
  ) {
    throw deny(admission, `node ${JSON.stringify(node)} is not allowed to modify taints`);
  }
}

function isRestricted(label: string): boolean {
  const domain = label.includes('/') ? (label.split('/')[0] ?? '') : '';
  const within = (parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);
  if (within('node-restriction.kubernetes.io')) return true;
  if (!within('kubernetes.io') && !within('k8s.io')) return false;
  return !nodeLabels.has(label) && !within('kubelet.kubernetes.io') && !within('node.kubernetes.io');
}

function requirePodSecurity({ username }: User, admission: Admission): void {
  const { object, store, podSecurity } = admission;
  const namespace = store.find(typeOf('namespaces'), '', object.metadata.namespace ?? '');
  const why = violation(podSecurity, namespace, object, username);
  if (why !== undefined) throw deny(admission, why);
}

/** Who approves, or signs, has to be allowed to do so for that signer. */
function requireSignerPermission(user: User, admission: Admission): void {
  const verb =
    admission.subresource === 'approval' ? 'approve' : admission.subresource === 'status' ? 'sign' : undefined;
  if (verb === undefined) return;
  const spec = admission.present?.['spec'];
  const signer = String(isObject(spec) ? spec['signerName'] : '');
  const attributes = {
    verb,
    group: 'certificates.k8s.io',
    resource: 'signers',
    subresource: '',
    namespace: '',
    fieldSelector: '',
  };
  const domain = signer.split('/')[0] ?? '';
  const may = [signer, `${domain}/*`].some((name) =>
    allowed(admission.store, admission.mode, user, { ...attributes, name }),
  );
  if (!may) throw deny(admission, `user not permitted to ${verb} requests with signerName ${JSON.stringify(signer)}`);
}

function deny(admission: Admission, why: string): ApiError {
  const { type, object } = admission;
  const what = type.group === '' ? type.resource : `${type.resource}.${type.group}`;
  return forbidden(type, object.metadata.name, `${what} ${JSON.stringify(object.metadata.name)} is forbidden: ${why}`);
}
