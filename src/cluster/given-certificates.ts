/**
 * Where the certificates of a cluster come from. Decided at bootstrap: k8sd keeps the authorities that it was given then, and takes no
 * others. The cluster says it in a databag; until that is committed, the machine that was bootstrapped says it.
 */

import type { Files } from '../host/host.ts';
import type { GivenPairs } from '../k8sd/k8sd.ts';
import { parseObject } from './wire.ts';

/**
 * `intermediate-ca`: a provider signs the authorities, k8sd issues with them. `external`: a provider issues what API servers and
 * kubelets serve, k8sd the rest. `provided`: the operator brings the authorities, k8sd issues with them.
 */
export const CERTIFICATE_MODES = ['snap-managed', 'intermediate-ca', 'external', 'provided'] as const;
export type CertificateMode = (typeof CERTIFICATE_MODES)[number];

export interface GivenCertificates {
  /** Undefined: there have to be some, and they are not there. */
  readonly pems: GivenPairs | undefined;
  /** PEM: the server CA and those that vouch for it, as far as known; empty for k8sd's own. */
  readonly chain: string;
}

/** k8sd makes all by itself. */
export const NOTHING_GIVEN: GivenCertificates = { pems: {}, chain: '' };

/** How a cluster was made. */
export interface BootstrapNote {
  readonly mode: CertificateMode;
  readonly chain: string;
}

const NOTE = '/var/lib/k8s-charm/bootstrap.json';

export function isCertificateMode(text: unknown): text is CertificateMode {
  return CERTIFICATE_MODES.some((mode) => mode === text);
}

/** Before the bootstrap, which may be the last thing that the dispatch does: the option may be another one by the next. */
export async function writeBootstrapNote(files: Files, note: BootstrapNote): Promise<void> {
  await files.write(NOTE, JSON.stringify(note), { mode: 0o600 });
}

export async function readBootstrapNote(files: Files): Promise<BootstrapNote | undefined> {
  const { mode, chain } = parseObject(await files.read(NOTE)) ?? {};
  return isCertificateMode(mode) ? { mode, chain: String(chain ?? '') } : undefined;
}

export async function removeBootstrapNote(files: Files): Promise<void> {
  await files.remove(NOTE);
}
