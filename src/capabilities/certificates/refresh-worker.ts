/**
 * Renews a worker's certificates. Its requests are signed by k8sd once a control plane has approved them, and the leader hears
 * of them only when a dispatch has ended: so a refresh is a walk over several dispatches, each of which can be repeated.
 *
 *   request   keys and requests are made and written down; the objects are created; the relation carries their names
 *   decide    (leader) each is checked and approved or denied; the relation carries the decision back
 *   take      the certificates are collected, given to k8sd, and seen in service; or what stood there before is put back
 */

import { isIP } from 'node:net';
import { K8sdError, K8sdUnavailable, NotSupported } from '../../clients/k8sd/errors.ts';
import { exactLifetime } from '../../clients/k8sd/lifetime.ts';
import type { CertificateRequest, Kubernetes } from '../../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../../core/clients.ts';
import { LOOPBACK, normaliseSan } from '../../core/san.ts';
import { watchRestart } from './await-restart.ts';
import { discard, noteFailure, type RefreshNote, readNote } from './backup.ts';
import type { NodeIdentity } from './facts.ts';
import { beginRefresh, finishRefresh, type Progress, putBack, restartServices } from './finish-refresh.ts';
import { standingPairs } from './given/standing-pairs.ts';
import { fieldOf, fileOf, WORKER_NAMES } from './names.ts';
import { RefreshFailed } from './outcome.ts';
import { isReadable, readCertificate, readPair } from './read.ts';
import {
  type IssuedPems,
  type RequestJournal,
  removeRequestJournal,
  WORKER_PAIRS,
  writeRequestJournal,
} from './request-journal.ts';
import { sansToRequest } from './sans.ts';
import { makeRequests } from './signing-request.ts';
import { untilServed } from './verify-service.ts';

const CALL_MS = 120_000;
const SERVED_MS = 3 * 60_000;
const ISSUED_MS = 90_000;
const POLL_MS = 1_000;
/** From here on k8sd takes certificates that were issued outside of it. */
export const OLDEST_MINOR = 33;

export interface WorkerRefresh {
  readonly expirationSeconds: number;
  readonly extraSans: readonly string[];
  /** Nobody has asked for it: the leader lets a few at a time. */
  readonly renewal?: boolean;
  /** Refresh of the whole cluster that it is a part of. */
  readonly order?: string;
}

/** Makes keys and requests, and writes them down before anything is asked of anybody. */
export async function prepareRequests(
  clients: Clients,
  node: NodeIdentity,
  refresh: WorkerRefresh,
): Promise<RequestJournal> {
  if (node.minor < OLDEST_MINOR)
    throw new RefreshFailed('blocked', `Refreshing a worker's certificates needs snap 1.${OLDEST_MINOR} or newer`);
  const { files } = clients.host;
  const unfinished = await readNote(files);
  if (unfinished !== undefined) await finishRefresh(clients, node, unfinished, tellLog(clients));
  await refuseStranger(clients);
  const pairs = WORKER_PAIRS.filter((pair) => ownNames(node).some((name) => fieldOf(name) === pair));
  const sans = pairs.includes('kubelet') ? await sansToAsk(clients, node, refresh.extraSans) : [];
  const started = clients.host.now();
  const id = `${clients.juju.identity.unit.replace('/', '-')}-${Math.floor(started.getTime() / 1000)}`;
  const requests = await makeRequests(pairs, node.nodeName, sans, id);
  const { expirationSeconds, renewal, order } = refresh;
  const journal = {
    id,
    requestedAt: started.toISOString(),
    expirationSeconds,
    requests,
    ...(renewal ? { renewal } : {}),
    ...(order === undefined ? {} : { order }),
  };
  await writeRequestJournal(files, journal);
  return journal;
}

/** Those of the node's certificates that k8sd issues; others bring the rest. */
function ownNames({ managers }: NodeIdentity): readonly string[] {
  return WORKER_NAMES.filter((name) => (managers[name] ?? 'snap') === 'snap');
}

async function sansToAsk(
  { host }: Clients,
  node: NodeIdentity,
  extraSans: readonly string[],
): Promise<readonly string[]> {
  const present = await readCertificate(host.files, fileOf('worker', 'kubelet'));
  if (present === undefined || !isReadable(present))
    throw new RefreshFailed('blocked', 'The present certificate of kubelet cannot be read');
  return sansToRequest([...sansOfOwn(present.sans, node), node.nodeName], extraSans);
}

/**
 * Of the names of the present certificate, those that a control plane still takes for this unit's own: it denies a request with an
 * address that the unit has no longer, and so would every renewal be from then on.
 */
function sansOfOwn(sans: readonly string[], { boundAddresses }: NodeIdentity): readonly string[] {
  const own = boundAddresses.map(normaliseSan);
  const former = own.length === 0 ? [] : sans.filter((san) => isIP(san) !== 0 && ![...own, ...LOOPBACK].includes(san));
  return former.length === 0 ? sans : [...sans.filter((san) => !former.includes(san)), ...own.slice(0, 1)];
}

/** A kubelet whose own certificate is over can ask for nothing any more. */
async function refuseStranger({ host }: Clients): Promise<void> {
  const client = await readCertificate(host.files, fileOf('worker', 'kubelet.conf'));
  if (client === undefined || !isReadable(client) || client.notAfter > host.now()) return;
  throw new RefreshFailed(
    'blocked',
    `The certificate of kubelet.conf ended ${client.notAfter.toISOString()}: the API server takes no requests of this node any more. Remove the unit and add another`,
  );
}

/** Creates those of the request objects that do not exist. */
export async function submitRequests(clients: Clients, journal: RequestJournal): Promise<void> {
  const kubernetes = await connection(clients);
  for (const { object, signerName, usages, request } of journal.requests)
    await kubernetes.createCertificateRequest({
      name: object,
      signerName,
      usages,
      request,
      // k8sd signs what is approved, and counts as it does everywhere.
      expirationSeconds: exactLifetime(journal.expirationSeconds),
      annotations: {},
    });
}

/** Collects what was issued, and takes it into use. @throws RefreshFailed, with what stood there before back in service. */
export async function takeCertificates(clients: Clients, node: NodeIdentity, journal: RequestJournal): Promise<void> {
  const { files } = clients.host;
  const issued = journal.issued ?? (await collect(clients, journal));
  if (journal.issued === undefined) await writeRequestJournal(files, { ...journal, issued });
  const names = WORKER_NAMES.filter((name) => journal.requests.some(({ pair }) => pair === fieldOf(name)));
  const note = (await readNote(files)) ?? (await beginRefresh(clients, node, names, journal.order));
  if (note.failure !== undefined) return undo(clients, node, note, note.failure);
  // A dispatch may have ended after k8sd had taken them: asked again, it would restart kubelet when that has been seen to serve them.
  if (await standThere(clients, journal, issued)) await restartServices(clients, node.role);
  else {
    const restart = await watchRestart(clients, node, names);
    try {
      const refusal = await install(clients, node, journal, issued);
      if (refusal !== undefined) return await undo(clients, node, note, `k8sd does not take them: ${refusal}`);
      await restart.over();
    } finally {
      restart.end();
    }
  }
  const { names: renewed, before } = note;
  const amiss = await untilServed(clients, { ...node, names: renewed, before }, SERVED_MS, tellLog(clients));
  if (amiss !== undefined) return undo(clients, node, note, amiss);
  await endRefresh(clients);
}

/** Forgets a refresh: keys, copies and note. A note without a journal is taken up by `finishRefresh`. */
export async function endRefresh({ host }: Clients): Promise<void> {
  await removeRequestJournal(host.files);
  await discard(host.files);
}

/** Whether each of them is in its file, with its key. */
async function standThere({ host }: Clients, { requests }: RequestJournal, issued: IssuedPems): Promise<boolean> {
  const there = requests.map(async ({ pair, key }) => {
    const name = WORKER_NAMES.find((candidate) => fieldOf(candidate) === pair) ?? '';
    const present = await readPair(host.files, fileOf('worker', name));
    return present.certificate.trim() === issued[pair]?.trim() && present.key.trim() === key.trim();
  });
  return !(await Promise.all(there)).includes(false);
}

/** @returns why k8sd refuses them. */
async function install(
  clients: Clients,
  node: NodeIdentity,
  journal: RequestJournal,
  issued: IssuedPems,
): Promise<string | undefined> {
  const fresh = Object.fromEntries(
    journal.requests.flatMap(({ pair, key }) => [
      [`${pair}-crt`, issued[pair] ?? ''] as const,
      [`${pair}-key`, key] as const,
    ]),
  );
  const given = { ...(await standingPairs(clients, node)), ...fresh };
  try {
    await clients.k8sd(node.minor).updateCertificates(given, { timeoutMs: CALL_MS });
    return undefined;
  } catch (error) {
    if (!(error instanceof K8sdError) || error instanceof K8sdUnavailable) throw error;
    if (error instanceof NotSupported) {
      // Nothing was sent, so that there is nothing to put back.
      await endRefresh(clients);
      throw new RefreshFailed('blocked', `Refresh of the certificates failed: ${error.message}`);
    }
    return error.message;
  }
}

async function undo(clients: Clients, node: NodeIdentity, note: RefreshNote, amiss: string): Promise<never> {
  const { files } = clients.host;
  // In this order: whoever goes on after a crash finds a note of what failed, and nothing to take into use once more.
  await noteFailure(files, note, amiss);
  await removeRequestJournal(files);
  throw await putBack(clients, node, note, amiss, tellLog(clients));
}

function tellLog({ juju }: Clients): Progress {
  return async (message) => juju.log.info(`refresh of the certificates: ${message}`);
}

/** The signer looks at an approved request within seconds. Kubernetes deletes one that was decided an hour ago. */
async function collect(clients: Clients, journal: RequestJournal): Promise<IssuedPems> {
  const kubernetes = await connection(clients);
  const deadline = clients.host.now().getTime() + ISSUED_MS;
  for (;;) {
    const objects = await Promise.all(journal.requests.map(({ object }) => kubernetes.certificateRequest(object)));
    const bad = objects.find((object) => object?.state === 'denied' || object?.state === 'failed');
    if (bad) {
      await endRefresh(clients);
      throw new RefreshFailed('blocked', `Refresh of the certificates was refused: ${refusal(bad)}`);
    }
    const lost = journal.requests.find((_, index) => objects[index] === undefined);
    if (lost) {
      await endRefresh(clients);
      throw new RefreshFailed(
        'blocked',
        `Refresh of the certificates failed: ${lost.object} is gone; run refresh-certs again`,
      );
    }
    const issued = objects.map((object, index) => [journal.requests[index]?.pair, object?.certificate] as const);
    if (issued.every(([, certificate]) => certificate)) return Object.fromEntries(issued) as IssuedPems;
    if (clients.host.now().getTime() > deadline)
      throw new RefreshFailed('waiting', 'Waiting for the certificates to be signed');
    await clients.host.sleep(POLL_MS);
  }
}

function refusal({ name, reason, message }: CertificateRequest): string {
  return `${name}: ${[reason, message].filter(Boolean).join(': ')}`;
}

async function connection(clients: Clients): Promise<Kubernetes> {
  const kubernetes = await clients.kubernetes();
  if (kubernetes === undefined) throw new RefreshFailed('waiting', 'Waiting for a kubeconfig of kubelet');
  return kubernetes;
}
