/**
 * Where the certificates of a cluster come from. Decided at bootstrap: k8sd keeps the authorities that it was given then, and takes no
 * others. The cluster says it in a databag; until that is committed, the machine that was bootstrapped says it.
 */

import type { Files } from '../host/host.ts';
import type { GivenPairs } from '../k8sd/k8sd.ts';
import { parseObject } from './wire.ts';

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

const NOTE = '/var/lib/k8s-charm/bootstrap.json';

export function isCertificateMode(text: unknown): text is CertificateMode {
  return CERTIFICATE_MODES.some((mode) => mode === text);
}

/** Before the bootstrap, which may be the last thing that the dispatch does: the option may be another one by the next. */
export async function writeBootstrapNote(files: Files, note: BootstrapNote): Promise<void> {
  await files.write(NOTE, JSON.stringify(note), { mode: 0o600 });
}

export async function readBootstrapNote(files: Files): Promise<BootstrapNote | undefined> {
  const { mode, chain, kept } = parseObject(await files.read(NOTE)) ?? {};
  if (!isCertificateMode(mode)) return undefined;
  return { mode, chain: String(chain ?? ''), ...(kept === undefined ? {} : { kept: readKept(kept) }) };
}

/** What stands in a note or a databag; texts only. */
export function readKept(value: unknown): KeptAuthorities {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export async function removeBootstrapNote(files: Files): Promise<void> {
  await files.remove(NOTE);
}
