/** Who asks: by client certificate or by bearer token. Nobody is anonymous. */

import { createPublicKey, sign, verify, type X509Certificate } from 'node:crypto';
import { at } from '../json.ts';
import { commonName, organizations, parseCertificates } from '../pki/parse.ts';

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const ANY_USAGE = '2.5.29.37.0';
const ISSUER = 'https://kubernetes.default.svc';

export interface User {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
}

export const AUTHENTICATED = 'system:authenticated';

/** The user of a certificate that one of the authorities has issued for clients and that is valid now. */
export function authenticateCertificate(certificate: X509Certificate, authorities: string): User | undefined {
  const now = Date.now();
  const valid = (candidate: X509Certificate): boolean =>
    candidate.validFromDate.getTime() <= now && now <= candidate.validToDate.getTime();
  const issuer = parseCertificates(authorities).find(
    (authority) => certificate.checkIssued(authority) && certificate.verify(authority.publicKey),
  );
  if (issuer === undefined || !valid(certificate) || !valid(issuer)) return undefined;
  const usages = certificate.keyUsage as readonly string[] | undefined;
  if (usages !== undefined && usages.length > 0 && !usages.includes(CLIENT_AUTH) && !usages.includes(ANY_USAGE))
    return undefined;
  const username = commonName(certificate);
  if (username === '') return undefined;
  return { username, groups: [...new Set([...organizations(certificate), AUTHENTICATED])] };
}

export interface ServiceAccountClaim {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly audiences: readonly string[];
  /** Unix seconds. */
  readonly expires: number;
}

/** A token as the TokenRequest API gives it: a JWT signed with the service account key. */
export function writeServiceAccountToken(claim: ServiceAccountClaim, key: string): string {
  const now = Math.floor(Date.now() / 1000);
  const body = {
    aud: claim.audiences.length > 0 ? claim.audiences : [ISSUER],
    exp: claim.expires,
    iat: now,
    iss: ISSUER,
    'kubernetes.io': { namespace: claim.namespace, serviceaccount: { name: claim.name, uid: claim.uid } },
    nbf: now,
    sub: `system:serviceaccount:${claim.namespace}:${claim.name}`,
  };
  const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(body)}`;
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), key).toString('base64url')}`;
}

/** What a token claims, when the key has signed it, it has not expired and it is meant for the API server. */
export function readServiceAccountToken(token: string, key: string): ServiceAccountClaim | undefined {
  const [header, body, signature] = token.split('.');
  if (header === undefined || body === undefined || signature === undefined) return undefined;
  if (
    !verify('RSA-SHA256', Buffer.from(`${header}.${body}`), createPublicKey(key), Buffer.from(signature, 'base64url'))
  )
    return undefined;
  const claims: unknown = JSON.parse(Buffer.from(body, 'base64url').toString('utf8'));
  const expires = Number(at(claims, 'exp'));
  const audiences = at(claims, 'aud');
  if (expires * 1000 < Date.now() || !Array.isArray(audiences) || !audiences.includes(ISSUER)) return undefined;
  return {
    namespace: String(at(claims, 'kubernetes.io', 'namespace')),
    name: String(at(claims, 'kubernetes.io', 'serviceaccount', 'name')),
    uid: String(at(claims, 'kubernetes.io', 'serviceaccount', 'uid')),
    audiences: audiences.map(String),
    expires,
  };
}

export function serviceAccountUser(claim: ServiceAccountClaim): User {
  return {
    username: `system:serviceaccount:${claim.namespace}:${claim.name}`,
    uid: claim.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${claim.namespace}`, AUTHENTICATED],
  };
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
