/** One command's hold of the model's folder: opened for reading, or locked, opened, changed, settled, saved and closed. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { repository } from '../../../../scripts/pack/places.ts';
import { openBareMachines } from '../bare-machines.ts';
import type { MachineProvider } from '../machine.ts';
import { Model } from '../model.ts';
import { CommandFailure } from './failure.ts';
import { serveOthers } from './other-terminals.ts';
import { showProgress } from './progress.ts';

export interface Session {
  /** Folder of everything: model and machines. */
  readonly directory: string;
  /** `bare`: machines with nothing on them, for charms that only talk to Juju. */
  readonly machines: 'bare' | 'k8s';
  /** Folder that relative paths begin in. */
  readonly cwd: string;
  /** Whether what is printed goes to a terminal. */
  readonly terminal: boolean;
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
  /** The model, when this process has it open already, for another terminal. */
  readonly open?: Model;
  /** Does what other terminals ask, while the model is open. */
  readonly others?: (words: readonly string[], session: Session) => Promise<number>;
}

/** Another process has the model to itself. */
export class AtWork extends CommandFailure {}

/**
 * A folder for each checkout and user. It is short, since Unix sockets hang from it, and outside of the checkout, since that may
 * lie deep.
 */
export function sessionDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  const checkout = createHash('sha256').update(`${userInfo().uid} ${repository}`).digest('hex').slice(0, 8);
  return resolve(environment['JUJU_MODEL_DIR'] ?? join(tmpdir(), `k8s-model-${checkout}`));
}

const modelDirectory = (session: Pick<Session, 'directory'>): string => join(session.directory, 'model');

export function hasModel(session: Pick<Session, 'directory'>): boolean {
  return existsSync(join(modelDirectory(session), 'state.json'));
}

const NO_MODEL = 'there is no model yet: deploy something, or add-model';

/** Looks at the model: as it is, when this process has it open, else as it was last saved. */
export async function look<T>(session: Session, work: (model: Model) => T | Promise<T>): Promise<T> {
  if (session.open) return work(session.open);
  if (!hasModel(session)) throw new CommandFailure(NO_MODEL);
  return work(await Model.inspect(modelDirectory(session)));
}

export interface ChangeOptions {
  /** Makes a model of this Juju version when there is none. */
  readonly create?: { readonly jujuVersion?: string; readonly modelName?: string };
  readonly timeoutMs: number;
  /** Ends with its work while another command has the model open, which waits for the rest. */
  readonly restIsAnothers?: boolean;
}

/** Changes the model, waits until it is at rest, and saves it; what did not settle is saved as it is, and reported. */
export async function change<T>(
  session: Session,
  options: ChangeOptions,
  work: (model: Model) => Promise<T>,
): Promise<T> {
  if (session.open) return settleAfter(session, session.open, options, work);
  const unlock = await lock(session.directory);
  try {
    const provider = await openMachines(session);
    const model = await open(session, provider, options);
    const terminals = await serveOthers(session, (words, other) =>
      (session.others ?? (() => Promise.resolve(1)))(words, { ...other, open: model }),
    );
    const interrupt = (): void => void finish(model).then(() => process.exit(130));
    process.once('SIGINT', interrupt);
    try {
      return await settleAfter(session, model, options, work);
    } finally {
      await terminals.close();
      process.removeListener('SIGINT', interrupt);
      await finish(model);
    }
  } finally {
    await unlock();
  }
}

async function settleAfter<T>(
  session: Session,
  model: Model,
  { timeoutMs, restIsAnothers }: ChangeOptions,
  work: (model: Model) => Promise<T>,
): Promise<T> {
  const stop = showProgress(model, session.printError);
  try {
    const result = await work(model);
    if (!(session.open && restIsAnothers)) await model.settle({ timeoutMs });
    return result;
  } finally {
    stop();
  }
}

export async function destroy(session: Session): Promise<void> {
  if (!existsSync(session.directory)) return;
  const unlock = await lock(session.directory);
  await rm(session.directory, { recursive: true, force: true });
  await unlock();
}

async function finish(model: Model): Promise<void> {
  await model.save();
  await model.close();
}

async function open(session: Session, provider: MachineProvider, options: ChangeOptions): Promise<Model> {
  const location = { directory: modelDirectory(session), provider };
  if (hasModel(session)) return Model.open(location);
  if (!options.create) throw new CommandFailure(NO_MODEL);
  return Model.create({ ...location, ...options.create });
}

/** The stand-ins for snapd and Kubernetes are loaded only when they are wanted. */
async function openMachines(session: Session): Promise<MachineProvider> {
  const directory = join(session.directory, 'machines');
  if (session.machines === 'bare') return openBareMachines({ directory });
  const k8sd = await import('../../machines/machines.ts');
  return k8sd.openMachines({ directory });
}

/** One process at a time; a lock whose holder has died is taken over. */
async function lock(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, 'lock');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { uid } = await stat(directory);
  if (uid !== userInfo().uid)
    throw new CommandFailure(`${directory} belongs to another user: set JUJU_MODEL_DIR to a folder of your own`);
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
  } catch {
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (holder > 0 && isAlive(holder)) throw new AtWork(`process ${holder} is at work on this model (${directory})`);
    await writeFile(file, String(process.pid));
  }
  return () => rm(file, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
