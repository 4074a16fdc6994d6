/**
 * Changes arguments of a running service: what stood there is written down, the file replaced in one step, the service
 * restarted once; if it does not come up, the former file is put back, the service restarted again, and the change given up.
 */

import { SnapdError } from '../host/errors.ts';
import type { ArgumentsChange } from './arguments.ts';
import { ARGUMENTS_DIRECTORY, ARGUMENTS_MODE, editArguments, parseArguments } from './arguments-file.ts';
import { dueEdit, writeJournal } from './arguments-journal.ts';
import { optionOf, type Service } from './default-arguments.ts';
import type { Doors } from './doors.ts';
import { type ArgumentsJournal, type ClusterFacts, serviceAddress } from './facts.ts';
import { recall, remember } from './memory.ts';
import { ChangeUndone } from './outcome.ts';
import { unhealthy } from './service-health.ts';

/** systemd starts a service anew that ends at once, and gives it up after five times within ten seconds (systemd.unit, StartLimitBurst). */
const PATIENCE = { timeoutMs: 120_000, downMs: 12_000 };
const RESTART = { timeoutMs: 180_000 };

export async function writeArguments(
  doors: Doors,
  facts: ClusterFacts,
  change: ArgumentsChange,
  before: string,
): Promise<void> {
  const { files } = doors.host;
  const after = editArguments(before, change.set);
  const remembered = facts.memory.arguments[change.service] ?? {};
  const journal = {
    before: lastRun(facts, change.service, before),
    after,
    remembered,
    remember: change.remember,
    finished: false,
  };
  await writeJournal(files, change.service, journal);
  await files.write(path(change.service), after, { mode: ARGUMENTS_MODE });
  warnOfOthers(doors, change);
  await restartOrUndo(doors, facts, change.service, journal, changed(change));
  await rememberArguments(doors, change);
}

/** What the service was last seen running with: an edit whose dispatch was ended before the restart is none of that. */
function lastRun({ arguments: files }: ClusterFacts, service: Service, text: string): string {
  return dueEdit({ text, journal: files[service]?.journal })?.before ?? text;
}

/** Goes on where a dispatch was ended after the file was written. */
export async function finishArguments(
  doors: Doors,
  facts: ClusterFacts,
  service: Service,
  journal: ArgumentsJournal,
): Promise<void> {
  await restartOrUndo(doors, facts, service, journal, 'the arguments that were written before');
}

/** Reads what is remembered anew: several services may change between two observations. */
export async function rememberArguments({ juju: { state } }: Doors, change: ArgumentsChange): Promise<void> {
  const { [change.service]: _, ...others } = (await recall(state)).arguments;
  const all = Object.keys(change.remember).length === 0 ? others : { ...others, [change.service]: change.remember };
  remember(state, 'arguments', Object.keys(all).length === 0 ? undefined : JSON.stringify(all));
}

async function restartOrUndo(
  doors: Doors,
  facts: ClusterFacts,
  service: Service,
  journal: ArgumentsJournal,
  what: string,
): Promise<void> {
  const { files } = doors.host;
  const trouble = await restart(doors, facts, service);
  if (trouble === undefined) return writeJournal(files, service, { ...journal, finished: true });
  await files.write(path(service), journal.before, { mode: ARGUMENTS_MODE });
  const still = await restart(doors, facts, service);
  await writeJournal(files, service, { ...journal, finished: true });
  const end =
    still === undefined
      ? 'what stood there before is back'
      : `it does not come up with what stood there before either: ${still}`;
  throw new ChangeUndone(
    `${optionsOf(service, journal)}: ${service} did not come up with ${what}: ${trouble} (see journalctl -u snap.k8s.${service}); ${end}`,
  );
}

/** A service that is stopped on purpose (kube-proxy beside Cilium) stays so: its arguments count when it is next started. */
async function restart(doors: Doors, facts: ClusterFacts, service: Service): Promise<string | undefined> {
  const { snapd } = doors.host;
  const found = (await snapd.services('k8s')).find(({ name }) => name === service);
  if (found !== undefined && !found.active && !found.enabled) return undefined;
  try {
    await snapd.restart('k8s', [service], RESTART);
  } catch (error) {
    if (!(error instanceof SnapdError)) throw error;
    return `snapd could not restart it (${error.message})`;
  }
  return unhealthy(doors, service, serviceAddress(facts), PATIENCE);
}

/** The options that asked for what differs between the two texts, now or before. */
function optionsOf(service: Service, { before, after, remember, remembered }: ArgumentsJournal): string {
  const [old, young] = [parseArguments(before), parseArguments(after)];
  const flags = [...new Set([...Object.keys(old), ...Object.keys(young)])].filter((flag) => old[flag] !== young[flag]);
  const options = flags.map((flag) => (remember[flag] ?? remembered[flag])?.by ?? optionOf(service));
  return [...new Set(options.flatMap((text) => text.split(', ')))].join(', ') || optionOf(service);
}

function warnOfOthers(doors: Doors, { service, foreign, drifted }: ArgumentsChange): void {
  if (drifted.length > 0)
    doors.juju.log.warning(
      `${service}: ${drifted.join(', ')} was set by the charm and has been changed by somebody else since; it is set again`,
    );
  if (foreign.length > 0)
    doors.juju.log.warning(
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
