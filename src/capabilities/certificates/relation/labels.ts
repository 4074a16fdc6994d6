/** Names of our secrets, by which their owner finds them again. Others cannot see them. */

import type { Mode } from './wish.ts';

const KEY = 'tls-key';
const CERTIFICATE = 'tls-certificate';

export function keyLabel(endpoint: string, mode: Mode, id: string): string {
  return [KEY, endpoint, mode, id].join('/');
}

/** One secret for each answered request, so that a new certificate never has to replace one in the dispatch that removes it. */
export function certificateLabel(endpoint: string, mode: Mode, id: string, request: string): string {
  return [CERTIFICATE, endpoint, mode, id, request].join('/');
}

export interface CertificateSecret {
  readonly endpoint: string;
  readonly mode: Mode;
  readonly id: string;
  /** Digest of the request that the certificate answers. */
  readonly request: string;
}

/** Undefined for labels of other secrets. */
export function parseCertificateLabel(label: string | undefined): CertificateSecret | undefined {
  const [kind, endpoint, mode, id, request] = (label ?? '').split('/');
  const whole = kind === CERTIFICATE && (mode === 'unit' || mode === 'app');
  return whole && endpoint && id && request ? { endpoint, mode, id, request } : undefined;
}

/** Whether a secret belongs to an endpoint, and to this mode. */
export function isLabelOf(label: string, endpoint: string, mode: Mode): boolean {
  return [KEY, CERTIFICATE].some((kind) => label.startsWith(`${kind}/${endpoint}/${mode}/`));
}
