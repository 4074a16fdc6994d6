/**
 * Where the certificates of a cluster come from. Decided at bootstrap: k8sd keeps the authorities that it was given then, and takes no
 * others. The cluster says it in a databag; until that is committed, the machine that was bootstrapped says it.
 */

import type { Files } from '../../clients/host/host.ts';
import { CERTIFICATE_MODES, type CertificateMode, type KeptAuthorities } from '../../core/certificate-mode.ts';
import type { GivenCertificates } from '../../core/contribution.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { object, oneOf, or, record, type Shape, text } from '../../core/shapes.ts';

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
