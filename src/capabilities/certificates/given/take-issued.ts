/**
 * Puts certificates into service that a provider has issued for a running node. k8sd's update issues anew, for one year and without the
 * names that were asked for, whatever it could issue and is not given; so it is given everything that stands there along with what is new.
 */

import { K8sdError, K8sdUnavailable } from '../../../clients/k8sd/errors.ts';
import type { Clients } from '../../../core/clients.ts';
import { watchRestart } from '../await-restart.ts';
import { discard, readNote, restore } from '../backup.ts';
import type { NodeIdentity } from '../facts.ts';
import { beginRefresh, finishRefresh, type Progress, restartServices, seeThrough } from '../finish-refresh.ts';
import { CONTROL_PLANE_NAMES, fieldOf, fileOf } from '../names.ts';
import { RefreshFailed } from '../outcome.ts';
import { forgetFailures } from '../renewal/attempts.ts';
import type { Pems } from './fields.ts';
import { standingPairs } from './standing-pairs.ts';

const CALL_MS = 120_000;

export interface IssuedCertificates {
  /** Which of the node's certificates are to be exchanged. */
  readonly names: readonly string[];
  /** These, by k8sd's field names. */
  readonly pems: Pems;
}

/**
 * Whether something is missing that k8sd could not issue, so that it would take nothing: another certificate of the control plane
 * expired, and who issues it has not answered.
 */
function lacksOther({ role, managers }: NodeIdentity, given: Pems): boolean {
  const others = role === 'worker' ? [] : CONTROL_PLANE_NAMES.filter((name) => managers[name] !== undefined);
  return others.some((name) => given[`${fieldOf(name)}-crt`] === undefined);
}

/** Into kubeconfigs k8sd has to put them. */
function refuseEmbedded(names: readonly string[]): void {
  const embedded = names.filter((name) => name.endsWith('.conf'));
  if (embedded.length === 0) return;
  const message = `Waiting for all certificates of this unit: ${embedded.join(', ')} cannot go into service alone`;
  throw new RefreshFailed('waiting', message);
}

/** What k8sd's update does with certificates that are files of their own. */
async function writeFiles(
  clients: Clients,
  { role }: NodeIdentity,
  { names, pems }: IssuedCertificates,
): Promise<void> {
  for (const name of names) {
    const { path } = fileOf(role, name);
    await clients.host.files.write(path.replace(/\.crt$/, '.key'), pems[`${fieldOf(name)}-key`] ?? '', { mode: 0o600 });
    await clients.host.files.write(path, pems[`${fieldOf(name)}-crt`] ?? '', { mode: 0o600 });
  }
  await restartServices(clients, role);
}

/** @throws RefreshFailed when k8sd refuses, or when the node is not well with them; the former are then back. */
export async function takeIssued(
  clients: Clients,
  node: NodeIdentity,
  { names, pems }: IssuedCertificates,
  progress: Progress,
): Promise<void> {
  const { files } = clients.host;
  const unfinished = await readNote(files);
  if (unfinished !== undefined) await finishRefresh(clients, node, unfinished, progress);
  const given = { ...(await standingPairs(clients, node)), ...pems };
  const alone = lacksOther(node, given);
  if (alone) refuseEmbedded(names);
  const note = await beginRefresh(clients, node, names);
  const restart = await watchRestart(clients, node, names);
  try {
    if (alone) await writeFiles(clients, node, { names, pems });
    else await clients.k8sd(node.minor).updateCertificates(given, { timeoutMs: CALL_MS });
    await restart.over();
  } catch (error) {
    if (!(error instanceof K8sdError) || error instanceof K8sdUnavailable) throw error;
    await restore(files, node.role);
    await discard(files);
    throw new RefreshFailed('blocked', `k8sd refuses the certificates of ${names.join(', ')}: ${error.message}`);
  } finally {
    restart.end();
  }
  await seeThrough(clients, node, note, progress);
  forgetFailures(clients.juju.state);
}
