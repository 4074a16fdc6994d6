/** Subject alternative names: what a certificate has, what it must have, what has to be asked for. */

import { isIP } from 'node:net';
import { isAddress } from '../../core/addresses.ts';
import { normaliseSan } from '../../core/san.ts';

/** k8sd puts these into every API server certificate by itself; asked for, they would also end up in kubelet's. */
const INTRINSIC: readonly string[] = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster',
  'kubernetes.default.svc.cluster.local',
];

const DNS_NAME = /^(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** Node's `subjectAltName` text (`DNS:a, IP Address:10.0.0.1`) as a sorted list. Kinds other than names and addresses are left out. */
export function parseSubjectAltName(text: string | undefined): readonly string[] {
  const found = (text ?? '').split(/, (?=[A-Za-z ]+:)/).flatMap((part) => {
    const match = /^(?:DNS|IP Address):(.*)$/.exec(part);
    return match?.[1] ? [normaliseSan(match[1])] : [];
  });
  return [...new Set(found)].sort();
}

/** Names of an action's parameter, separated by commas or blanks. @throws Error with the text for the operator. */
export function parseSanParameter(parameter: string, text: string): readonly string[] {
  const sans = text
    .split(/[\s,]+/)
    .filter((san) => san !== '')
    .map(normaliseSan);
  const wrong = sans.find((san) => !isAddress(san) && !DNS_NAME.test(san));
  if (wrong !== undefined)
    throw new Error(
      `${parameter} has ${JSON.stringify(wrong.slice(0, 80))}, which is neither a DNS name nor an IP address`,
    );
  return [...new Set(sans)];
}

/** Those of the wanted names that the certificate does not have. */
export function missingSans(present: readonly string[], wanted: readonly string[]): readonly string[] {
  return [...new Set(wanted.map(normaliseSan))].filter(
    (san) => !present.includes(san) && !present.includes(wildcard(san)),
  );
}

/** The name under which a certificate also covers this one: a wildcard stands for the whole leftmost label (RFC 6125 section 6.4.3). */
function wildcard(san: string): string {
  return isIP(san) === 0 && san.includes('.') ? san.replace(/^[^.]*/, '*') : san;
}

/** What to ask k8sd for so that nothing the certificate has is lost: k8sd remembers no extra name from one refresh to the next. */
export function sansToRequest(present: readonly string[], added: readonly string[]): readonly string[] {
  return [...new Set([...present, ...added.map(normaliseSan)])].filter((san) => !INTRINSIC.includes(san)).sort();
}
