/**
 * Puts certificates into service that a provider has issued for a running node. k8sd's update issues anew, for one year and without the
 * names that were asked for, whatever it could issue and is not given; so it is given everything that stands there along with what is new.
 */

import { K8sdError, K8sdUnavailable } from '../../k8sd/errors.ts';
import { watchRestart } from '../await-restart.ts';
import { discard, readNote, restore } from '../backup.ts';
import type { Doors } from '../doors.ts';
import type { NodeIdentity } from '../facts.ts';
import { beginRefresh, finishRefresh, type Progress, seeThrough } from '../finish-refresh.ts';
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

/** @throws RefreshFailed when k8sd refuses, or when the node is not well with them; the former are then back. */
export async function takeIssued(
  doors: Doors,
  node: NodeIdentity,
  { names, pems }: IssuedCertificates,
  progress: Progress,
): Promise<void> {
  const { files } = doors.host;
  const unfinished = await readNote(files);
  if (unfinished !== undefined) await finishRefresh(doors, node, unfinished, progress);
  const note = await beginRefresh(doors, node, names);
  const restart = await watchRestart(doors, node, names);
  const given = { ...(await standingPairs(doors, node)), ...pems };
  try {
    await doors.k8sd(node.minor).updateCertificates(given, { timeoutMs: CALL_MS });
    await restart.over();
  } catch (error) {
    if (!(error instanceof K8sdError) || error instanceof K8sdUnavailable) throw error;
    await restore(files, node.role);
    await discard(files);
    throw new RefreshFailed('blocked', `k8sd refuses the certificates of ${names.join(', ')}: ${error.message}`);
  } finally {
    restart.end();
  }
  await seeThrough(doors, node, note, progress);
  forgetFailures(doors.juju.state);
}
