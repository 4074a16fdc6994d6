/** Kinds that are answered and not kept: reviews of tokens and of access, and tokens of service accounts. */

import { at, isObject } from '../json.ts';
import type { KubernetesObject } from '../state.ts';
import { AUTHENTICATED, type User, writeServiceAccountToken } from './authenticate.ts';
import { type Attributes, allowed } from './authorize.ts';
import { apiVersion, type ResourceType } from './resources.ts';
import { cause, invalid } from './status.ts';
import { timestamp } from './store.ts';
import type { Context } from './verbs.ts';

const MINIMUM_SECONDS = 600;
const DEFAULT_SECONDS = 3600;

export function answerQuestion(context: Context, user: User, type: ResourceType, given: unknown): unknown {
  const head = { kind: type.kind, apiVersion: apiVersion(type), metadata: {} };
  switch (type.resource) {
    case 'selfsubjectreviews':
      return {
        ...head,
        status: {
          userInfo: {
            username: user.username,
            ...(user.uid === undefined ? {} : { uid: user.uid }),
            groups: user.groups,
          },
        },
      };
    case 'tokenreviews': {
      const token = String(at(given, 'spec', 'token') ?? '');
      const known = context.cluster.authTokens.find((candidate) => candidate.token === token);
      const status =
        known === undefined
          ? { user: {} }
          : {
              authenticated: true,
              user: { username: known.username, uid: known.username, groups: [...known.groups, AUTHENTICATED] },
            };
      return { ...head, spec: at(given, 'spec'), status };
    }
    default: {
      const asked = type.resource === 'selfsubjectaccessreviews' ? user : subject(given);
      const answer = allowed(context.store, context.mode, asked, attributes(at(given, 'spec')));
      return { ...head, spec: at(given, 'spec'), status: { allowed: answer } };
    }
  }
}

function subject(given: unknown): User {
  const groups = at(given, 'spec', 'groups');
  return { username: String(at(given, 'spec', 'user') ?? ''), groups: Array.isArray(groups) ? groups.map(String) : [] };
}

function attributes(spec: unknown): Attributes {
  const resource = at(spec, 'resourceAttributes');
  const field = (name: string): string => String(at(resource, name) ?? '');
  if (!isObject(resource)) {
    const empty = { group: '', resource: '', subresource: '', namespace: '', name: '', fieldSelector: '' };
    return {
      ...empty,
      verb: String(at(spec, 'nonResourceAttributes', 'verb') ?? ''),
      path: String(at(spec, 'nonResourceAttributes', 'path') ?? ''),
    };
  }
  return {
    verb: field('verb'),
    group: field('group'),
    resource: field('resource'),
    subresource: field('subresource'),
    namespace: field('namespace'),
    name: field('name'),
    fieldSelector: '',
  };
}

/** A TokenRequest with its token. Throws Invalid for a life below ten minutes. */
export function issueAccountToken(context: Context, account: KubernetesObject, given: unknown): unknown {
  const seconds = Number(at(given, 'spec', 'expirationSeconds') ?? DEFAULT_SECONDS);
  if (seconds < MINIMUM_SECONDS) {
    throw invalid(
      { group: 'authentication.k8s.io', resource: 'tokenrequests', kind: 'TokenRequest' },
      account.metadata.name,
      [cause.invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes')],
    );
  }
  const asked = at(given, 'spec', 'audiences');
  const audiences = Array.isArray(asked) ? asked.map(String) : [];
  const expires = Math.floor(Date.now() / 1000) + seconds;
  const token = writeServiceAccountToken(
    {
      namespace: account.metadata.namespace ?? '',
      name: account.metadata.name,
      uid: account.metadata.uid,
      audiences,
      expires,
    },
    context.cluster.pems['service-account-key'] ?? '',
  );
  return {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: account.metadata.name, namespace: account.metadata.namespace, creationTimestamp: timestamp() },
    spec: {
      audiences: audiences.length > 0 ? audiences : ['https://kubernetes.default.svc'],
      expirationSeconds: seconds,
      boundObjectRef: null,
    },
    status: { token, expirationTimestamp: timestamp(new Date(expires * 1000)) },
  };
}
