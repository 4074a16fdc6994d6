/** Makes a cluster, joins one, leaves it. */

import type { UnitStatus } from '../../clients/juju/status.ts';
import { AlreadyBootstrapped, AlreadyJoined, BadRequest, ClusterBusy, K8sdError } from '../../clients/k8sd/errors.ts';
import type { K8sd } from '../../clients/k8sd/k8sd.ts';
import { ChangeFailed } from '../../core/change-failed.ts';
import type { Clients } from '../../core/clients.ts';
import { writeBirthNote } from './arguments-journal.ts';
import type { Change } from './change.ts';
import { type ClusterFacts, snapMinor } from './facts.ts';
import { writeBootstrapNote } from './given-certificates.ts';
import { joinFailure, likelyCause } from './likely-cause.ts';
import { remember } from './memory.ts';
import { formatTokenFailure, TOKEN_FAILURE } from './wire.ts';

type Bootstrap = Extract<Change, { kind: 'bootstrap' }>;
type Join = Extract<Change, { kind: 'join' }>;
type LeaveCluster = Extract<Change, { kind: 'leave-cluster' }>;

const JOIN_MS = 20 * 60_000;
const RETURN_MS = 120_000;
const REMOVAL_MS = 120_000;
const POLL_MS = 1_000;
const BUSY_MS = 5_000;

export async function bootstrap(clients: Clients, facts: ClusterFacts, change: Bootstrap): Promise<void> {
  const { name, address, config, note, born } = change;
  const k8sd = clients.k8sd(snapMinor(facts.snap));
  await show(clients, 'Bootstrapping Cluster');
  await writeBootstrapNote(clients.host.files, note);
  await writeBirthNote(clients.host.files, born);
  try {
    await k8sd.bootstrap({ name, address, config }, { timeoutMs: JOIN_MS });
  } catch (error) {
    if (error instanceof AlreadyBootstrapped) return;
    if (!(error instanceof K8sdError)) throw error;
    await settleAfterFailure(k8sd);
    const lasting = error instanceof BadRequest;
    throw new ChangeFailed(lasting ? 'blocked' : 'waiting', `Bootstrap failed: ${error.message}${likelyCause(facts)}`);
  }
  forgetNode(clients);
}

/** A failure is told to the leader, which offers another token; k8sd has wiped what the attempt left. */
export async function join(clients: Clients, facts: ClusterFacts, change: Join): Promise<void> {
  const { name, address, token, config, born } = change;
  const k8sd = clients.k8sd(snapMinor(facts.snap));
  await show(clients, 'Joining cluster');
  await writeBirthNote(clients.host.files, born);
  try {
    await k8sd.join({ name, address, token, config }, { timeoutMs: JOIN_MS });
  } catch (error) {
    if (error instanceof AlreadyJoined) return;
    if (!(error instanceof K8sdError)) throw error;
    await settleAfterFailure(k8sd);
    const message = error.message.replaceAll(token, '(token)').slice(0, 500);
    clients.juju.relations.setUnit(change.relation, {
      [TOKEN_FAILURE]: formatTokenFailure({ revision: change.revision, error: message }),
    });
    throw new ChangeFailed('waiting', joinFailure(facts, message));
  }
  forgetNode(clients);
}

/** Labels belong to a node: a node that has just been made has none of ours. */
function forgetNode({ juju }: Clients): void {
  remember(juju.state, 'labels', undefined);
}

/** k8sd wipes its state and re-executes itself after a failed attempt; asking before it is back would mislead. */
async function settleAfterFailure(k8sd: K8sd): Promise<void> {
  await k8sd.waitUntilReady({ timeoutMs: RETURN_MS }).catch(() => undefined);
}

/** Waits a bounded time until the leader has removed this node; what is left then is done by `leaveCluster`. */
export async function awaitRemoval(clients: Clients, facts: ClusterFacts): Promise<void> {
  const k8sd = clients.k8sd(snapMinor(facts.snap));
  const deadline = clients.host.now().getTime() + REMOVAL_MS;
  while (clients.host.now().getTime() < deadline) {
    if (await isOut(k8sd)) return;
    await clients.host.sleep(POLL_MS);
  }
}

/**
 * Takes the own node out through the own daemon, which may drop the connection while it wipes itself. By force only when it has
 * to be: k8sd then leaves behind what it cannot remove, such as a member of etcd.
 */
export async function leaveCluster(clients: Clients, facts: ClusterFacts, { name }: LeaveCluster): Promise<void> {
  const { host, juju } = clients;
  const k8sd = clients.k8sd(snapMinor(facts.snap));
  if (await isOut(k8sd)) return;
  const deadline = host.now().getTime() + REMOVAL_MS;
  for (let force = false; ; ) {
    const error = await remove(k8sd, name, force);
    if (error === undefined || (await isOut(k8sd))) return;
    juju.log.warning(`removing node ${name} from the cluster${force ? ' by force' : ''} failed: ${error.message}`);
    if (force) return;
    if (error instanceof ClusterBusy && host.now().getTime() < deadline) await host.sleep(BUSY_MS);
    else force = true;
  }
}

async function remove(k8sd: K8sd, name: string, force: boolean): Promise<K8sdError | undefined> {
  try {
    await k8sd.removeNode({ name, force }, { timeoutMs: REMOVAL_MS });
    return undefined;
  } catch (error) {
    if (error instanceof K8sdError) return error;
    throw error;
  }
}

/** Not as far as is known, while k8sd does not say: a daemon in trouble must not keep a unit from going. */
async function isOut(k8sd: K8sd): Promise<boolean> {
  try {
    return (await k8sd.node({ timeoutMs: 10_000 })) === undefined;
  } catch (error) {
    if (error instanceof K8sdError) return false;
    throw error;
  }
}

async function show({ juju }: Clients, message: string): Promise<void> {
  const status: UnitStatus = { status: 'maintenance', message };
  await juju.setStatus(status);
}
