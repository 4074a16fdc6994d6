/** Tokens of users: made and revoked here, and looked up by the API servers through a webhook. */

import { randomBytes } from 'node:crypto';
import type { Exchange } from '../http/server.ts';
import { at, parseJson } from '../json.ts';
import type { NodeMachine } from '../node/machine.ts';
import { decodeBody, text, texts } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';

export function createAuthToken({ machine, exchange }: Call): Reply {
  const request = decodeBody(
    exchange.body,
    { fields: { username: 'string', groups: { list: 'string' } } },
    { lenient: true },
  );
  const username = text(request, 'username');
  const groups = [...texts(request, 'groups')].sort();
  if (username === '') throw new K8sdRefusal(500, 'failed to get or create token: username not specified');
  if (groups.includes('')) throw new K8sdRefusal(500, 'failed to get or create token: group name cannot be empty');
  if (new Set(groups).size < groups.length)
    throw new K8sdRefusal(500, 'failed to get or create token: duplicate group name');
  const cluster = clusterOf(machine);
  const present = cluster.authTokens.find(
    (known) => known.username === username && known.groups.join('\n') === groups.join('\n'),
  );
  if (present !== undefined) return { metadata: { token: present.token } };
  const token = `token::${randomBytes(20).toString('hex')}`;
  cluster.authTokens.push({ token, username, groups });
  return { metadata: { token } };
}

export function revokeAuthToken({ machine, exchange }: Call): Reply {
  const token = text(decodeBody(exchange.body, { fields: { token: 'string' } }, { lenient: true }), 'token');
  if (token === '') throw new K8sdRefusal(500, 'failed to delete token: token not specified');
  const cluster = clusterOf(machine);
  cluster.authTokens = cluster.authTokens.filter((known) => known.token !== token);
  return { metadata: null };
}

/** Answers a TokenReview with a TokenReview. */
export function reviewToken(
  machine: NodeMachine,
  exchange: Exchange,
): { readonly status: number; readonly body: unknown } {
  let review: unknown;
  try {
    review = parseJson(exchange.body.toString('utf8'));
  } catch (error) {
    return {
      status: 400,
      body: { status: { authenticated: false, error: `failed to parse TokenReview: ${(error as Error).message}` } },
    };
  }
  const version = at(review, 'apiVersion');
  const head = { apiVersion: version, kind: 'TokenReview', metadata: { creationTimestamp: null } };
  const token = at(review, 'spec', 'token');
  const spec = { token };
  if (
    (version !== 'authentication.k8s.io/v1' && version !== 'authentication.k8s.io/v1beta1') ||
    at(review, 'kind') !== 'TokenReview'
  ) {
    return {
      status: 400,
      body: {
        ...head,
        spec,
        status: { authenticated: false, user: {}, error: `unknown group version ${JSON.stringify(version ?? '')}` },
      },
    };
  }
  const member = machine.state.k8sd.member;
  const known =
    member && machine.site.cluster(member.cluster).authTokens.find((candidate) => candidate.token === token);
  if (known === undefined)
    return { status: 401, body: { ...head, spec, status: { authenticated: false, user: {}, error: 'invalid token' } } };
  const audiences = at(review, 'spec', 'audiences');
  return {
    status: 200,
    body: {
      ...head,
      spec,
      status: {
        authenticated: true,
        user: { username: known.username, uid: known.username, groups: known.groups },
        ...(Array.isArray(audiences) ? { audiences } : {}),
      },
    },
  };
}
