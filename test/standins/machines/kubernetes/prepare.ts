/** Names and defaults of new and changed objects. */

import { randomBytes } from 'node:crypto';
import { at, isObject } from '../json.ts';
import type { KubernetesObject } from '../state.ts';
import type { ResourceType } from './resources.ts';
import { badRequest, cause, invalid } from './status.ts';

/** `core.MaxSecretSize`. */
const MOST_SECRET_BYTES = 1024 * 1024;

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_NAME = /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Without vowels and what looks like another character (apimachinery, `util/rand`). */
const SUFFIX = 'bcdfghjklmnpqrstvwxz2456789';

function suffix(): string {
  return [...randomBytes(5)].map((byte) => SUFFIX.charAt(byte % SUFFIX.length)).join('');
}

/** Gives a generated name where one is asked for. Throws Invalid. */
export function validateMetadata(type: ResourceType, object: KubernetesObject): void {
  const { metadata } = object;
  if ((metadata.name ?? '') === '') {
    if ((metadata.generateName ?? '') === '')
      throw invalid(type, '', [cause.required('metadata.name', 'name or generateName is required')]);
    metadata.name = `${metadata.generateName}${suffix()}`;
  }
  const causes = [];
  const loose = type.group === 'rbac.authorization.k8s.io' || type.resource === 'certificatesigningrequests';
  if (loose ? /[/%]/.test(metadata.name) : !SUBDOMAIN.test(metadata.name) || metadata.name.length > 253) {
    causes.push(cause.invalid('metadata.name', metadata.name, loose ? "may not contain '/'" : SUBDOMAIN_TEXT));
  }
  for (const [label, value] of Object.entries(metadata.labels ?? {})) {
    if (!LABEL_NAME.test(label))
      causes.push(
        cause.invalid(
          'metadata.labels',
          label,
          "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        ),
      );
    if (typeof value !== 'string')
      throw badRequest(
        `json: cannot unmarshal ${typeof value} into Go struct field ObjectMeta.metadata.labels of type string`,
      );
    if (!LABEL_VALUE.test(value))
      causes.push(
        cause.invalid(
          'metadata.labels',
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        ),
      );
  }
  for (const value of Object.values(metadata.annotations ?? {})) {
    if (typeof value !== 'string')
      throw badRequest(
        `json: cannot unmarshal ${typeof value} into Go struct field ObjectMeta.metadata.annotations of type string`,
      );
  }
  if (causes.length > 0) throw invalid(type, metadata.name, causes);
}

/** Defaults, and rules of single kinds. `present` is what an update replaces. */
export function prepare(type: ResourceType, object: KubernetesObject, present?: KubernetesObject): void {
  switch (type.resource) {
    case 'secrets':
      prepareSecret(type, object, present);
      return;
    case 'configmaps':
      prepareConfigMap(type, object);
      return;
    case 'namespaces':
      object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name };
      object['spec'] ??= { finalizers: ['kubernetes'] };
      object['status'] = { phase: 'Active' };
      return;
    case 'pods':
      if (present === undefined) object['status'] = { phase: 'Pending', qosClass: 'BestEffort' };
      return;
    case 'rolebindings':
    case 'clusterrolebindings':
      prepareBinding(type, object, present);
      return;
    case 'nodes':
      object['spec'] ??= {};
      return;
    default:
      return;
  }
}

const KEY = /^[-._a-zA-Z0-9]+$/;
const KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

/** `IsConfigMapKey` of apimachinery: keys become names of files. */
function keyProblem(key: string): string | undefined {
  if (key.length > 253) return 'must be no more than 253 characters';
  if (!KEY.test(key)) return KEY_TEXT;
  if (key === '.' || key === '..') return `must not be '${key}'`;
  return key.startsWith('..') ? "must not start with '..'" : undefined;
}

function requireKeys(type: ResourceType, object: KubernetesObject, field: string): void {
  const causes = Object.keys(isObject(object[field]) ? object[field] : {}).flatMap((key) => {
    const problem = keyProblem(key);
    return problem === undefined ? [] : [cause.invalid(`${field}[${key}]`, key, problem)];
  });
  if (causes.length > 0) throw invalid(type, object.metadata.name, causes);
}

function prepareConfigMap(type: ResourceType, object: KubernetesObject): void {
  for (const value of Object.values(isObject(object['data']) ? object['data'] : {}))
    if (typeof value !== 'string')
      throw badRequest(
        `ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal ${typeof value} into Go struct field ConfigMap.data of type string`,
      );
  requireKeys(type, object, 'data');
  requireKeys(type, object, 'binaryData');
}

function prepareSecret(type: ResourceType, object: KubernetesObject, present: KubernetesObject | undefined): void {
  const data: Record<string, unknown> = isObject(object['data']) ? { ...object['data'] } : {};
  for (const [name, value] of Object.entries(data)) {
    if (typeof value !== 'string' || Buffer.from(value, 'base64').toString('base64') !== value) {
      throw badRequest(
        `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 0 (${name})`,
      );
    }
  }
  const plain = object['stringData'];
  if (isObject(plain)) {
    for (const [name, value] of Object.entries(plain)) data[name] = Buffer.from(String(value)).toString('base64');
    delete object['stringData'];
  }
  if (Object.keys(data).length > 0) object['data'] = data;
  requireKeys(type, object, 'data');
  const bytes = Object.values(data).reduce((sum: number, value) => sum + Buffer.byteLength(String(value), 'base64'), 0);
  if (bytes > MOST_SECRET_BYTES)
    throw invalid(type, object.metadata.name, [
      {
        reason: 'FieldValueTooLong',
        field: 'data',
        message: `Too long: may not be more than ${MOST_SECRET_BYTES} bytes`,
      },
    ]);
  object['type'] ??= 'Opaque';
  if (present === undefined) return;
  if (object['type'] !== present['type'])
    throw invalid(type, object.metadata.name, [cause.invalid('type', object['type'], 'field is immutable')]);
  if (present['immutable'] === true && JSON.stringify(object['data']) !== JSON.stringify(present['data'])) {
    throw invalid(type, object.metadata.name, [cause.forbidden('data', 'field is immutable when `immutable` is set')]);
  }
}

function prepareBinding(type: ResourceType, object: KubernetesObject, present: KubernetesObject | undefined): void {
  const role = object['roleRef'];
  if (!isObject(role)) throw invalid(type, object.metadata.name, [cause.required('roleRef.name')]);
  role['apiGroup'] ??= 'rbac.authorization.k8s.io';
  if (role['name'] === undefined || role['name'] === '')
    throw invalid(type, object.metadata.name, [cause.required('roleRef.name')]);
  if (role['kind'] !== 'ClusterRole' && (type.resource === 'clusterrolebindings' || role['kind'] !== 'Role')) {
    const kinds = type.resource === 'clusterrolebindings' ? ['ClusterRole'] : ['Role', 'ClusterRole'];
    throw invalid(type, object.metadata.name, [cause.unsupported('roleRef.kind', role['kind'] ?? '', kinds)]);
  }
  if (present !== undefined && JSON.stringify(at(present, 'roleRef')) !== JSON.stringify(role)) {
    throw invalid(type, object.metadata.name, [cause.invalid('roleRef', role, 'cannot change roleRef')]);
  }
  for (const subject of Array.isArray(object['subjects']) ? object['subjects'] : []) {
    if (isObject(subject) && (subject['kind'] === 'User' || subject['kind'] === 'Group'))
      subject['apiGroup'] ??= 'rbac.authorization.k8s.io';
  }
}
