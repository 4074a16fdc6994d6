/**
 * Changes arguments of a running service: what stood there is written down, the file replaced in one step, the service
 * restarted once; if it does not come up, the last arguments with which it was seen healthy are restored, and the change is given up.
 */

import { SnapdError } from '../../clients/host/errors.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import {
  ARGUMENTS_DIRECTORY,
  ARGUMENTS_MODE,
  editArguments,
  parseArguments,
  sameArguments,
} from '../../core/argument-file.ts';
import { ChangeUndone } from '../../core/change-failed.ts';
import type { Clients } from '../../core/clients.ts';
import { causeIn } from '../../core/log-cause.ts';
import { optionOf, type Service } from '../../core/services.ts';
import type { ArgumentsChange } from './arguments.ts';
import { dueEdit, keepByHand, writeJournal } from './arguments-journal.ts';
import { type Lead, leadOf, patienceFor, releaseLead } from './controller-lead.ts';
import { type ArgumentsJournal, type ClusterFacts, serviceAddress } from './facts.ts';
import { recall, remember } from './memory.ts';
import { unhealthy } from './service-health.ts';

/** systemd starts a service anew that ends at once, and gives it up after five times within ten seconds (systemd.unit, StartLimitBurst). */
const PATIENCE = { timeoutMs: 120_000, downMs: 12_000 };
/** The usage that some commands print is not as long. */
const LOG_LINES = 200;
const RESTART = { timeoutMs: 180_000 };

export async function writeArguments(
  clients: Clients,
  facts: ClusterFacts,
  change: ArgumentsChange,
  before: string,
): Promise<void> {
  const { files } = clients.host;
  const after = editArguments(change.service, before, change.set);
  const remembered = facts.memory.arguments[change.service] ?? {};
  const journal = {
    before: lastRun(facts, change.service, before),
    after,
    remembered,
    remember: change.remember,
    finished: false,
    healthy: facts.arguments[change.service]?.journal?.healthy,
  };
  await writeJournal(files, change.service, journal);
  await files.write(path(change.service), after, { mode: ARGUMENTS_MODE });
  warnOfOthers(clients, change);
  await restartOrUndo(clients, facts, change.service, journal, changed(change));
  await rememberArguments(clients, change);
}

/** What the service was last seen running with: an edit whose dispatch was ended before the restart is none of that. */
function lastRun({ arguments: files }: ClusterFacts, service: Service, text: string): string {
  return dueEdit(service, { text, journal: files[service]?.journal })?.before ?? text;
}

/** Goes on where a dispatch was ended after the file was written. */
export async function finishArguments(
  clients: Clients,
  facts: ClusterFacts,
  service: Service,
  journal: ArgumentsJournal,
): Promise<void> {
  await restartOrUndo(clients, facts, service, journal, 'the arguments that were written before');
}

/** Reads what is remembered anew: several services may change between two observations. */
export async function rememberArguments({ juju: { state } }: Clients, change: ArgumentsChange): Promise<void> {
  const { [change.service]: _, ...others } = (await recall(state)).arguments;
  const all = Object.keys(change.remember).length === 0 ? others : { ...others, [change.service]: change.remember };
  remember(state, 'arguments', Object.keys(all).length === 0 ? undefined : JSON.stringify(all));
}

async function restartOrUndo(
  clients: Clients,
  facts: ClusterFacts,
  service: Service,
  journal: ArgumentsJournal,
  what: string,
): Promise<void> {
  const { files } = clients.host;
  const trouble = await restart(clients, facts, service);
  if (trouble === undefined)
    return writeJournal(files, service, { ...journal, finished: true, healthy: journal.after });
  // Before it is started again with other arguments, and writes of those.
  const cause = causeIn(await clients.host.snapd.log('k8s', service, LOG_LINES));
  const end = await restore(clients, facts, service, journal);
  await writeJournal(files, service, { ...journal, finished: true });
  throw new ChangeUndone(
    `${optionsOf(service, journal)}: ${service} did not come up with ${what}: ${trouble}${cause === undefined ? '' : `: ${cause}`} (see journalctl -u snap.k8s.${service}); ${end}`,
  );
}

/**
 * What stood there before may be what another hand has left, with which the service was never seen: the last arguments that it was seen
 * healthy with go first. Only where it does not come up with those either, what stood there is restored. @returns how it ended.
 */
async function restore(
  clients: Clients,
  facts: ClusterFacts,
  service: Service,
  { before, healthy }: ArgumentsJournal,
): Promise<string> {
  const { files } = clients.host;
  const known = healthy === undefined ? before : withOwnOfK8sd(service, healthy, before);
  const byHand = !sameArguments(service, known, before);
  if (byHand) {
    const kept = await keepByHand(files, service, before);
    await files.write(path(service), known, { mode: ARGUMENTS_MODE });
    if ((await restart(clients, facts, service)) === undefined)
      return `the last arguments with which it was healthy are restored; those that somebody else had left are in ${kept}`;
  }
  await files.write(path(service), before, { mode: ARGUMENTS_MODE });
  const still = await restart(clients, facts, service);
  if (still === undefined) return 'the previous arguments are restored';
  return `it does not come up with the previous arguments either: ${still}`;
}

/** What k8sd itself changes on a running node (canonical/k8sd: node configuration and control plane controllers, post-refresh hook). */
const OWN_OF_K8SD: Readonly<Partial<Record<Service, RegExp>>> = {
  'kube-apiserver': /^--etcd-/,
  'kube-controller-manager': /^--cloud-provider$/,
  kubelet: /^--(?:node-ip|cloud-provider|cluster-dns|cluster-domain)$/,
};

function withOwnOfK8sd(service: Service, healthy: string, present: string): string {
  const own = OWN_OF_K8SD[service];
  const [then, now] = [parseArguments(service, healthy), parseArguments(service, present)];
  const flags = [...new Set([...Object.keys(then), ...Object.keys(now)])];
  const changed = flags.filter((flag) => own?.test(flag) === true && then[flag] !== now[flag]);
  return changed.length === 0
    ? healthy
    : editArguments(service, healthy, Object.fromEntries(changed.map((flag) => [flag, now[flag] ?? null])));
}

/** A service that is stopped on purpose (kube-proxy beside Cilium) stays so: its arguments count when it is next started. */
async function restart(clients: Clients, facts: ClusterFacts, service: Service): Promise<string | undefined> {
  const { snapd } = clients.host;
  const found = (await snapd.services('k8s')).find(({ name }) => name === service);
  if (found !== undefined && !found.active && !found.enabled) return undefined;
  const lead = leadOf(service, (await clients.host.files.read(path(service))) ?? '');
  const release = await leadBefore(clients, lead);
  try {
    await snapd.restart('k8s', [service], RESTART);
  } catch (error) {
    if (!(error instanceof SnapdError)) throw error;
    return `snapd could not restart it (${error.message})`;
  }
  await release();
  const patience = lead === undefined ? PATIENCE : { ...PATIENCE, timeoutMs: patienceFor(lead), lead };
  return unhealthy(clients, service, serviceAddress(facts), patience);
}

/** @returns what lets the next process lead once this one has ended. A lease that cannot be read or released ends by itself. */
async function leadBefore({ kubernetes, host }: Clients, lead: Lead | undefined): Promise<() => Promise<void>> {
  if (lead === undefined) return async () => {};
  const quietly = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      return undefined;
    }
  };
  const api = await kubernetes();
  const before = await quietly(async () => api?.leaseState(lead));
  const hostname = await host.hostname();
  return async () => {
    if (api !== undefined) await quietly(() => releaseLead(api, lead, hostname, before));
  };
}

/** The options that asked for what differs between the two texts, now or before. */
function optionsOf(service: Service, { before, after, remember, remembered }: ArgumentsJournal): string {
  const [old, young] = [parseArguments(service, before), parseArguments(service, after)];
  const flags = [...new Set([...Object.keys(old), ...Object.keys(young)])].filter((flag) => old[flag] !== young[flag]);
  const options = flags.map((flag) => (remember[flag] ?? remembered[flag])?.by ?? optionOf(service));
  return [...new Set(options.flatMap((text) => text.split(', ')))].join(', ') || optionOf(service);
}

function warnOfOthers(clients: Clients, { service, foreign, drifted }: ArgumentsChange): void {
  if (drifted.length > 0)
    clients.juju.log.warning(
      `${service}: ${drifted.join(', ')} was set by the charm and has been changed by somebody else since; it is set again`,
    );
  if (foreign.length > 0)
    clients.juju.log.warning(
      `${service}: ${foreign.join(', ')} was set by the charm and has been changed by somebody else since; it is left as it is`,
    );
}

function changed({ set }: ArgumentsChange): string {
  return Object.entries(set)
    .map(([flag, value]) => (value === null ? `${flag} taken out` : `${flag}=${value}`))
    .join(', ');
}

function path(service: Service): string {
  return `${ARGUMENTS_DIRECTORY}/${service}`;
}
