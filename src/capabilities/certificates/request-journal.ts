/**
 * A worker's requests on their way: the private keys that were made for them and, once issued, the certificates, in a file
 * that only root reads. Keys never leave the machine. The file is what a refresh is taken up by after a crash or a reboot.
 */

import type { Files } from '../../clients/host/host.ts';
import { LARGE_BOUNDS, readForeign } from '../../core/foreign-json.ts';
import { flag, list, object, oneOf, type Shape, text, timestamp, whole } from '../../core/shapes.ts';

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

const PEM = text(64 * 1024);
const JOURNAL: Shape<RequestJournal> = object(
  {
    id: text(),
    requestedAt: timestamp,
    expirationSeconds: whole(),
    requests: list(
      object({
        pair: oneOf(WORKER_PAIRS),
        object: text(),
        signerName: text(),
        usages: list(text()),
        request: PEM,
        key: PEM,
      }),
    ),
  },
  {
    renewal: flag,
    order: text(),
    issued: object({}, { kubelet: PEM, 'kubelet-client': PEM, 'kube-proxy-client': PEM }),
  },
);

/** One that cannot be read counts as none: nothing can be taken up by it, and the next refresh overwrites it. */
export async function readRequestJournal(files: Files): Promise<RequestJournal | undefined> {
  return readForeign(await files.read(PATH), JOURNAL, LARGE_BOUNDS);
}

export async function writeRequestJournal(files: Files, journal: RequestJournal): Promise<void> {
  await files.write(PATH, JSON.stringify(journal), { mode: 0o600 });
}

export async function removeRequestJournal(files: Files): Promise<void> {
  await files.remove(PATH);
}
