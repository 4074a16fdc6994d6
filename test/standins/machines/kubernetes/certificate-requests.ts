/** Rules of CertificateSigningRequest: what a new one must hold, and how its conditions may change. */

import { at, isObject } from '../json.ts';
import { parseSigningRequest } from '../pki/issue.ts';
import type { KubernetesObject } from '../state.ts';
import type { User } from './authenticate.ts';
import { typeOf } from './resources.ts';
import { type Cause, cause, forbidden, invalid } from './status.ts';
import { timestamp } from './store.ts';

const TYPE = typeOf('certificatesigningrequests');
const MINIMUM_SECONDS = 600;

const usages = new Set([
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
]);

/** Fills in who asks, and throws Invalid for what the API server does not take. */
export async function prepareCertificateRequest(object: KubernetesObject, user: User): Promise<void> {
  const given = isObject(object['spec']) ? object['spec'] : {};
  const spec: Record<string, unknown> = {
    ...given,
    username: user.username,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
  };
  object['spec'] = spec;
  object['status'] = {};
  const causes = await violations(spec);
  if (causes.length > 0) throw invalid(TYPE, object.metadata.name, causes);
  const parsed = await parseSigningRequest(decode(spec['request']));
  if (
    spec['signerName'] === 'kubernetes.io/kube-apiserver-client' &&
    (parsed.subject.organizations ?? []).includes('system:masters')
  ) {
    throw forbidden(
      TYPE,
      object.metadata.name,
      `certificatesigningrequests.certificates.k8s.io ${JSON.stringify(object.metadata.name)} is forbidden: use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed`,
    );
  }
}

async function violations(spec: Readonly<Record<string, unknown>>): Promise<Cause[]> {
  const causes: Cause[] = [];
  try {
    await parseSigningRequest(decode(spec['request']));
  } catch (error) {
    causes.push(cause.invalid('spec.request', spec['request'] ?? null, (error as Error).message));
  }
  const list = Array.isArray(spec['usages']) ? spec['usages'].map(String) : [];
  if (list.length === 0) causes.push(cause.required('spec.usages', 'usages must be provided'));
  list.forEach((usage, index) => {
    if (!usages.has(usage)) causes.push(cause.unsupported(`spec.usages[${index}]`, usage, [...usages].sort()));
    if (list.indexOf(usage) < index) causes.push(cause.duplicate(`spec.usages[${index}]`, usage));
  });
  const signer = spec['signerName'];
  if (typeof signer !== 'string' || signer === '') causes.push(cause.required('spec.signerName'));
  else if (!/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\.[a-z0-9.-]+\/[A-Za-z0-9._-]+$/.test(signer)) {
    causes.push(
      cause.invalid(
        'spec.signerName',
        signer,
        'must be a fully qualified domain and path of the form "example.com/signer-name"',
      ),
    );
  }
  const seconds = spec['expirationSeconds'];
  if (seconds !== undefined && seconds !== null) {
    if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < MINIMUM_SECONDS) {
      causes.push(
        cause.invalid(
          'spec.expirationSeconds',
          seconds,
          'may not specify a duration less than 600 seconds (10 minutes)',
        ),
      );
    }
  }
  return causes;
}

/** The object with the conditions of an approval or denial. Throws Invalid when it would take one back or hold both. */
export function decide(present: KubernetesObject, asked: KubernetesObject): KubernetesObject {
  const before = conditionsOf(present);
  const after = conditionsOf(asked).map((condition) => settle(condition, before));
  const causes = conditionViolations(before, after);
  if (causes.length > 0) throw invalid(TYPE, present.metadata.name, causes);
  return { ...present, metadata: metadataOf(present, asked), status: { ...statusOf(present), conditions: after } };
}

/** The object with the certificate and the conditions that a signer gives. Decisions stay. */
export function sign(present: KubernetesObject, asked: KubernetesObject): KubernetesObject {
  const before = conditionsOf(present);
  const after = conditionsOf(asked).map((condition) => settle(condition, before));
  const causes = conditionViolations(before, after);
  const certificate = statusOf(asked)['certificate'];
  const old = statusOf(present)['certificate'];
  if (old !== undefined && certificate !== old)
    causes.push(cause.forbidden('status.certificate', 'updates may not modify a non-empty certificate'));
  if (causes.length > 0) throw invalid(TYPE, present.metadata.name, causes);
  return { ...present, metadata: metadataOf(present, asked), status: { ...statusOf(asked), conditions: after } };
}

type Condition = Record<string, unknown>;

export function conditionsOf(object: unknown): readonly Condition[] {
  const list = at(object, 'status', 'conditions');
  return Array.isArray(list) ? list.filter(isObject) : [];
}

export function hasCondition(object: unknown, type: string): boolean {
  return conditionsOf(object).some((condition) => condition['type'] === type && condition['status'] === 'True');
}

function settle(condition: Condition, before: readonly Condition[]): Condition {
  const old = before.find((candidate) => candidate['type'] === condition['type']);
  return {
    ...condition,
    lastUpdateTime: condition['lastUpdateTime'] ?? timestamp(),
    lastTransitionTime: condition['lastTransitionTime'] ?? old?.['lastTransitionTime'] ?? timestamp(),
  };
}

function conditionViolations(before: readonly Condition[], after: readonly Condition[]): Cause[] {
  const causes: Cause[] = [];
  for (const type of ['Approved', 'Denied', 'Failed']) {
    if (
      before.some((condition) => condition['type'] === type) &&
      !after.some((condition) => condition['type'] === type)
    ) {
      causes.push(
        cause.forbidden('status.conditions', `updates may not remove a condition of type ${JSON.stringify(type)}`),
      );
    }
  }
  after.forEach((condition, index) => {
    const field = `status.conditions[${index}]`;
    const type = condition['type'];
    if (typeof type !== 'string' || type === '') causes.push(cause.required(`${field}.type`));
    if (condition['status'] === undefined || condition['status'] === '') causes.push(cause.required(`${field}.status`));
    else if ((type === 'Approved' || type === 'Denied' || type === 'Failed') && condition['status'] !== 'True') {
      causes.push(cause.unsupported(`${field}.status`, condition['status'], ['True']));
    }
    if (after.findIndex((other) => other['type'] === type) < index) causes.push(cause.duplicate(`${field}.type`, type));
    if (type === 'Denied' && after.some((other) => other['type'] === 'Approved')) {
      causes.push(cause.invalid(`${field}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    }
  });
  return causes;
}

function metadataOf(present: KubernetesObject, asked: KubernetesObject): KubernetesObject['metadata'] {
  return { ...present.metadata, resourceVersion: asked.metadata.resourceVersion ?? '' };
}

function statusOf(object: KubernetesObject): Record<string, unknown> {
  return isObject(object['status']) ? object['status'] : {};
}

/** PEM text of `spec.request`, which travels in base64. */
export function decode(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : '', 'base64').toString('utf8');
}
