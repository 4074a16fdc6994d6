/** Carries out one planned change. Each is idempotent: ended at any point and planned again, it comes to the same. */

import type { RemedyChange } from './change.ts';
import type { Clients } from './clients.ts';
import {
  contraryLine,
  isReadLater,
  KERNEL_FILE,
  KERNEL_FILE_MODE,
  KERNEL_FOLDERS,
  LAST_KERNEL_FILE,
} from './kernel-file.ts';
import {
  isTooMuch,
  type RemedyMemory,
  recall,
  remember,
  removeJournal,
  withUncommitted,
  writeJournal,
} from './memory.ts';
import { RemedyFailed } from './outcome.ts';
import { POLICY_DIRECTORY, POLICY_MODE } from './policy-files.ts';

const PRIVATE_FOLDER = 0o700;

/** @throws RemedyFailed when an operator has to do something first. */
export async function applyRemedy(clients: Clients, change: RemedyChange): Promise<void> {
  switch (change.kind) {
    case 'write-policies':
      return writePolicies(clients, change);
    case 'remove-policies':
      return removePolicies(clients, change);
    case 'tune-kernel':
      return tuneKernel(clients, change);
    case 'restore-kernel':
      return restoreKernel(clients, change);
    case 'set-files':
      return setFiles(clients, change);
  }
}

type Of<Kind extends RemedyChange['kind']> = Extract<RemedyChange, { kind: Kind }>;

/** The folder of an audit log that is there already stays as it is: others may write there, too. */
async function writePolicies({ host: { files } }: Clients, change: Of<'write-policies'>): Promise<void> {
  for (const { path, content } of change.files) await files.write(path, content, { mode: POLICY_MODE });
  if (change.folder !== undefined) await files.makeDirectory(change.folder, PRIVATE_FOLDER);
}

async function removePolicies({ host: { files } }: Clients, { paths }: Of<'remove-policies'>): Promise<void> {
  for (const path of paths) await files.remove(path);
  if ((await files.list(POLICY_DIRECTORY)).length === 0) await files.remove(POLICY_DIRECTORY);
}

/** The values first: where they cannot be set, no file shall say that they are. */
async function tuneKernel(clients: Clients, change: Of<'tune-kernel'>): Promise<void> {
  const { host } = clients;
  const { askers, controls, wanted, write } = change;
  const contrary = change.file === undefined ? undefined : await findContrary(clients, wanted);
  if (contrary !== undefined)
    throw new RemedyFailed(
      `${askers}: ${contrary}, which would undo it at the next boot; take that out, or name ${controls.join(' and ')} in hardening-waivers`,
    );
  await noteAndChange(clients, { kernel: change.remember }, async () => {
    for (const [key, value] of Object.entries(write)) {
      const failure = await host.sysctl.write(key, value).then(
        () => undefined,
        (error: unknown) => error,
      );
      const now = await host.sysctl.read(key);
      if (now === value) continue;
      throw new RemedyFailed(
        `${askers}: the kernel parameter ${key} is ${now ?? 'not there'} and cannot be set to ${value} here${reasonOf(failure)}, ` +
          `as in a container; set it on the host, or name ${controls.join(' and ')} in hardening-waivers`,
      );
    }
    if (change.file !== undefined) await host.files.write(KERNEL_FILE, change.file, { mode: KERNEL_FILE_MODE });
  });
}

function reasonOf(failure: unknown): string {
  const code = (failure as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? '' : ` (${code})`;
}

/** A line of another file that is read later at boot and says something else. */
async function findContrary({ host: { files } }: Clients, wanted: Readonly<Record<string, string>>) {
  const paths = await Promise.all(
    KERNEL_FOLDERS.map(async (folder) =>
      (await files.list(folder)).filter(isReadLater).map((name) => `${folder}/${name}`),
    ),
  );
  for (const path of [...paths.flat(), LAST_KERNEL_FILE]) {
    const line = contraryLine((await files.read(path)) ?? '', wanted);
    if (line !== undefined) return `${path} sets ${line}`;
  }
  return undefined;
}

async function restoreKernel(clients: Clients, { write, file, foreign }: Of<'restore-kernel'>): Promise<void> {
  const { juju, host } = clients;
  for (const [key, value] of Object.entries(write)) await host.sysctl.write(key, value);
  if (file === null) await host.files.remove(KERNEL_FILE);
  else if (file !== undefined) await host.files.write(KERNEL_FILE, file, { mode: KERNEL_FILE_MODE });
  warn(clients, foreign, 'has been changed by somebody else since the charm set it; it is left as it is');
  const present = await recall(juju.state);
  const { files } = await withUncommitted(host.files, present);
  remember(juju.state, { files: present.files, kernel: undefined });
  await note(clients, present, { files, kernel: undefined });
}

async function setFiles(clients: Clients, { set, drifted, foreign, remember: files }: Of<'set-files'>): Promise<void> {
  const { host } = clients;
  warn(clients, drifted, 'has been changed by somebody else since the charm set its mode or owner; it is set again');
  warn(
    clients,
    foreign,
    'has been changed by somebody else since the charm set its mode or owner; it is left as it is',
  );
  await noteAndChange(clients, { files }, async () => {
    for (const { path, mode, owner } of set) {
      // Owner first: to change it takes special bits away.
      if (owner !== undefined) await host.files.setOwner(path, owner);
      if (mode !== undefined) await host.files.setMode(path, mode);
    }
  });
}

/** What is to be remembered is written down on the machine before anything is changed, and told Juju afterwards. */
async function noteAndChange(
  clients: Clients,
  part: Partial<RemedyMemory>,
  change: () => Promise<void>,
): Promise<void> {
  const { juju, host } = clients;
  const present = await recall(juju.state);
  const known = await withUncommitted(host.files, present);
  const next: RemedyMemory = { ...known, ...part };
  if (isTooMuch(next))
    throw new RemedyFailed(
      `cis-mode, stig-mode: more files (${Object.keys(next.files).length}) have modes or owners to change than the charm can ` +
        'remember; set them by hand first',
    );
  // What is given back stays noted until it is.
  await writeJournal(host.files, present, {
    files: { ...known.files, ...next.files },
    kernel: next.kernel ?? known.kernel,
  });
  await change();
  remember(juju.state, next);
  await note(clients, present, next);
}

/** What has been done. A note of what is over would one day take for the charm's what somebody else has done. */
async function note({ host: { files } }: Clients, present: RemedyMemory, next: RemedyMemory): Promise<void> {
  if (Object.keys(next.files).length === 0 && next.kernel === undefined) await removeJournal(files);
  else await writeJournal(files, present, next);
}

function warn({ juju }: Clients, what: readonly string[], message: string): void {
  for (const one of what) juju.log.warning(`${one} ${message}`);
}

/** Gives back what is outside of the snap when the snap goes, and forgets the rest. */
export async function forgetRemedies(clients: Clients): Promise<void> {
  const { juju, host } = clients;
  const { kernel: known } = await withUncommitted(host.files, await recall(juju.state));
  if (known !== undefined) {
    for (const [key, { was, is }] of Object.entries(known.values))
      if (was !== is && (await host.sysctl.read(key)) === is) await host.sysctl.write(key, was);
    if ((await host.files.read(KERNEL_FILE)) === known.file.is) {
      if (known.file.was === null) await host.files.remove(KERNEL_FILE);
      else await host.files.write(KERNEL_FILE, known.file.was, { mode: KERNEL_FILE_MODE });
    }
  }
  remember(juju.state, { files: {}, kernel: undefined });
  await removeJournal(host.files);
}
