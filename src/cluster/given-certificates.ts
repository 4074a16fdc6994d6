/**
 * Where the certificates of a cluster come from. Decided at bootstrap: k8sd keeps the authorities that it was given then, and takes no
 * others. The cluster says it in a databag; until that is committed, the machine that was bootstrapped says it.
 */

import { readForeign } from '../core/foreign-json.ts';
import { object, oneOf, or, record, type Shape, text } from '../core/shapes.ts';
import type { Files } from '../host/host.ts';
import type { GivenPairs } from '../k8sd/k8sd.ts';

/**
 * `intermediate-ca`: a provider signs the authorities, k8sd issues with them. `external`: a provider issues what API servers and
 * kubelets serve, k8sd the rest. `provided`: the operator brings the authorities, k8sd issues with those of which it gets the key.
 */
export const CERTIFICATE_MODES = ['snap-managed', 'intermediate-ca', 'external', 'provided'] as const;
export type CertificateMode = (typeof CERTIFICATE_MODES)[number];

export interface GivenCertificates {
  /** Undefined: there have to be some, and they are not there. */
  readonly pems: GivenPairs | undefined;
  /** PEM: the server CA and those that vouch for it, as far as known; empty for k8sd's own. */
  readonly chain: string;
  readonly kept?: KeptAuthorities;
}

/** PEM by k8sd's name (`ca`, `client-ca`) of authorities whose key the operator keeps: what they sign is brought to each unit. */
export type KeptAuthorities = Readonly<Record<string, string>>;

/** k8sd makes all by itself. */
export const NOTHING_GIVEN: GivenCertificates = { pems: {}, chain: '' };

/** How a cluster was made. */
export interface BootstrapNote {
  readonly mode: CertificateMode;
  readonly chain: string;
  readonly kept?: KeptAuthorities;
}

/** Characters of PEM: some certificates. */
const LONGEST_PEM = 128 * 1024;

/** As they stand in a note or a databag. */
export const KEPT: Shape<KeptAuthorities> = record(text(LONGEST_PEM), 20);

const BOOTSTRAP_NOTE: Shape<BootstrapNote> = object(
  { mode: oneOf(CERTIFICATE_MODES), chain: or(text(LONGEST_PEM), '') },
  { kept: or(KEPT, {}) },
);

const NOTE = '/var/lib/k8s-charm/bootstrap.json';

export function isCertificateMode(text: unknown): text is CertificateMode {
  return CERTIFICATE_MODES.some((mode) => mode === text);
}

/** Before the bootstrap, which may be the last thing that the dispatch does: the option may be another one by the next. */
export async function writeBootstrapNote(files: Files, note: BootstrapNote): Promise<void> {
  await files.write(NOTE, JSON.stringify(note), { mode: 0o600 });
}

export async function readBootstrapNote(files: Files): Promise<BootstrapNote | undefined> {
  return readForeign(await files.read(NOTE), BOOTSTRAP_NOTE);
}

export async function removeBootstrapNote(files: Files): Promise<void> {
  await files.remove(NOTE);
}
