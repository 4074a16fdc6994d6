/** One command's hold of the model's folder: opened for reading, or locked, opened, changed, settled, saved and closed. */

import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openBareMachines } from '../bare-machines.ts';
import type { MachineProvider } from '../machine.ts';
import { Model } from '../model.ts';
import { CommandFailure } from './failure.ts';

export interface Session {
  /** Folder of everything: model and machines. */
  readonly directory: string;
  /** `bare`: machines with nothing on them, for charms that only talk to Juju. */
  readonly machines: 'bare' | 'k8s';
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

export function sessionDirectory(environment: Readonly<Record<string, string | undefined>>): string {
  return resolve(environment['JUJU_MODEL_DIR'] ?? join(tmpdir(), 'k8s-charms-model'));
}

const modelDirectory = (session: Pick<Session, 'directory'>): string => join(session.directory, 'model');

export function hasModel(session: Pick<Session, 'directory'>): boolean {
  return existsSync(join(modelDirectory(session), 'state.json'));
}

/** Looks at the model as it was last saved. */
export async function look<T>(session: Session, work: (model: Model) => T | Promise<T>): Promise<T> {
  if (!hasModel(session)) throw new CommandFailure('there is no model yet: deploy something, or add-model');
  return work(await Model.inspect(modelDirectory(session)));
}

export interface ChangeOptions {
  /** Makes a model of this Juju version when there is none. */
  readonly create?: { readonly jujuVersion?: string; readonly modelName?: string };
  readonly timeoutMs: number;
}

/** Changes the model, waits until it is at rest, and saves it; what did not settle is saved as it is, and reported. */
export async function change<T>(
  session: Session,
  options: ChangeOptions,
  work: (model: Model) => Promise<T>,
): Promise<T> {
  await mkdir(session.directory, { recursive: true, mode: 0o700 });
  const unlock = await lock(session.directory);
  try {
    const provider = await openMachines(session);
    const model = await open(session, provider, options);
    const interrupt = (): void => void finish(model).then(() => process.exit(130));
    process.once('SIGINT', interrupt);
    try {
      const result = await work(model);
      await model.settle({ timeoutMs: options.timeoutMs });
      return result;
    } finally {
      process.removeListener('SIGINT', interrupt);
      await finish(model);
    }
  } finally {
    await unlock();
  }
}

export async function destroy(session: Session): Promise<void> {
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
  if (!options.create) throw new CommandFailure('there is no model yet: deploy something, or add-model');
  return Model.create({ ...location, ...options.create });
}

/** The stand-ins for snapd and Kubernetes are loaded only when they are wanted. */
async function openMachines(session: Session): Promise<MachineProvider> {
  const directory = join(session.directory, 'machines');
  if (session.machines === 'bare') return openBareMachines({ directory });
  const k8sd = await import('../../k8sd/machines.ts');
  return k8sd.openMachines({ directory });
}

/** One command at a time; a lock whose holder has died is taken over. */
async function lock(directory: string): Promise<() => Promise<void>> {
  const file = join(directory, 'lock');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  try {
    await writeFile(file, String(process.pid), { flag: 'wx' });
  } catch {
    const holder = Number(await readFile(file, 'utf8').catch(() => '0'));
    if (holder > 0 && isAlive(holder))
      throw new CommandFailure(`process ${holder} is at work on this model (${directory})`);
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
