/**
 * A worker's requests on their way: the private keys that were made for them and, once issued, the certificates, in a file
 * that only root reads. Keys never leave the machine. The file is what a refresh is taken up by after a crash or a reboot.
 */

import type { Files } from '../host/host.ts';

const PATH = '/var/lib/k8s-charm/certificates/requests.json';

/** The three certificates of a worker, in k8sd's words of `refresh-certs/update`. */
export const WORKER_PAIRS = ['kubelet', 'kubelet-client', 'kube-proxy-client'] as const;
export type WorkerPair = (typeof WORKER_PAIRS)[number];

/** PEM by pair, of those that were asked for. */
export type IssuedPems = Readonly<Partial<Record<WorkerPair, string>>>;

export interface PendingRequest {
  readonly pair: WorkerPair;
  /** Name of the CertificateSigningRequest object. */
  readonly object: string;
  readonly signerName: string;
  readonly usages: readonly string[];
  /** PEM. */
  readonly request: string;
  readonly key: string;
}

export interface RequestJournal {
  readonly id: string;
  /** RFC 3339. */
  readonly requestedAt: string;
  readonly expirationSeconds: number;
  readonly requests: readonly PendingRequest[];
  /** Of the charm's own accord. */
  readonly renewal?: boolean;
  /** Refresh of the whole cluster that it is a part of. */
  readonly order?: string;
  /** PEM by pair, once all are issued: from then on they are being taken into use. */
  readonly issued?: IssuedPems;
}

/** One that cannot be read counts as none: nothing can be taken up by it, and the next refresh overwrites it. */
export async function readRequestJournal(files: Files): Promise<RequestJournal | undefined> {
  const text = await files.read(PATH);
  if (text === undefined) return undefined;
  try {
    const journal = JSON.parse(text) as RequestJournal | null;
    return Array.isArray(journal?.requests) ? journal : undefined;
  } catch {
    return undefined;
  }
}

export async function writeRequestJournal(files: Files, journal: RequestJournal): Promise<void> {
  await files.write(PATH, JSON.stringify(journal), { mode: 0o600 });
}

export async function removeRequestJournal(files: Files): Promise<void> {
  await files.remove(PATH);
}
