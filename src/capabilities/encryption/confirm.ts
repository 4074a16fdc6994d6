/** Sees that the API server has loaded the file; it looks at it once a minute (kubernetes/apiserver, `encryptionconfig/controller`). */

import { SnapdError } from '../../clients/host/errors.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Clients } from './clients.ts';
import { CONFIGURATION_FILE } from './configuration.ts';
import { hasLoaded, LOADED_METRICS } from './loaded.ts';
import { rememberEncryption } from './memory.ts';
import { EncryptionFailed } from './outcome.ts';
import { IN_SERVICE } from './rollout.ts';

const ARGUMENTS = '/var/snap/k8s/common/args/kube-apiserver';

/** Every answer may be megabytes, so that it is asked for less and less often. Together longer than the minute. */
const PAUSES_MS = [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000, 15_000, 15_000];

const RESTART_MS = 180_000;
const START_MS = 120_000;
const POLL_MS = 500;
const JOURNAL = 'see journalctl -u snap.k8s.kube-apiserver';

/** Waits for a minute and a little, where that can help. */
export async function confirmLoaded(clients: Clients, relation: string, digest: string, waits: boolean): Promise<void> {
  let trouble = await look(clients, digest);
  for (const pause of waits ? PAUSES_MS : []) {
    if (trouble === undefined) break;
    await clients.host.sleep(pause);
    trouble = await look(clients, digest);
  }
  if (trouble === undefined) return publishInService(clients, relation, digest);
  if (trouble !== NOT_LOADED) throw new EncryptionFailed('waiting', `Waiting for kube-apiserver: ${trouble}`);
  if (waits) rememberEncryption(clients.juju.state, 'notLoaded', digest);
  throw new EncryptionFailed(
    waits ? 'waiting' : 'blocked',
    `kube-apiserver does not load ${CONFIGURATION_FILE}; ${JOURNAL}`,
  );
}

/** The last resort: what is read at the start is what lies there. Once for each file. */
export async function restartToLoad({ juju, host, kubernetes }: Clients, digest: string): Promise<void> {
  rememberEncryption(juju.state, 'restartedFor', digest);
  try {
    await host.snapd.restart('k8s', ['kube-apiserver'], { timeoutMs: RESTART_MS });
  } catch (error) {
    if (!(error instanceof SnapdError)) throw error;
    throw new EncryptionFailed(
      'blocked',
      `kube-apiserver cannot be restarted to load ${CONFIGURATION_FILE}: ${error.message}`,
    );
  }
  const began = host.now().getTime();
  while (!(await (await kubernetes())?.ready())) {
    if (host.now().getTime() - began > START_MS)
      throw new EncryptionFailed('blocked', `kube-apiserver did not come up with ${CONFIGURATION_FILE}; ${JOURNAL}`);
    await host.sleep(POLL_MS);
  }
}

export function publishInService({ juju }: Clients, relation: string, digest: string | undefined): void {
  juju.relations.setUnit(relation, { [IN_SERVICE]: digest });
  for (const key of ['born', 'notLoaded', 'restartedFor'] as const) rememberEncryption(juju.state, key, undefined);
}

const NOT_LOADED = 'it has not loaded the file';

async function look({ host, kubernetes }: Clients, digest: string): Promise<string | undefined> {
  const [file, args] = await Promise.all([host.files.status(CONFIGURATION_FILE), host.files.status(ARGUMENTS)]);
  try {
    const lines = await (await kubernetes())?.metrics(LOADED_METRICS);
    if (lines === undefined || file === undefined || args === undefined) return 'it is not there';
    const written = { digest, fileMs: file.modifiedMs, argumentsMs: args.modifiedMs };
    return hasLoaded(lines, written) ? undefined : NOT_LOADED;
  } catch (error) {
    if (error instanceof KubernetesError) return error.message;
    throw error;
  }
}
