/** Reads what remedies are decided by. Where nothing is asked for and nothing remembered, that is next to nothing. */

import type { Files, Owner } from '../../../clients/host/host.ts';
import { isTrue } from '../evaluate-flag.ts';
import type { FileFacts } from '../node-facts.ts';
import { observeFiles } from '../observe-node.ts';
import { fitting } from '../path-pattern.ts';
import type { Clients } from './clients.ts';
import type { Demands } from './demands.ts';
import type { RemedyFacts } from './facts.ts';
import { KERNEL_FILE } from './kernel-file.ts';
import { recall, withUncommitted } from './memory.ts';
import { isPolicyFile, POLICY_DIRECTORY } from './policy-files.ts';

export interface Node {
  /** Whether there is a node yet, with files of its own. */
  readonly exists: boolean;
  /** What argument files say, by service. */
  readonly present: Arguments;
  /** What they say again when a service does not come up with what they say now: it has to find what it needs then, too. */
  readonly former: Arguments;
}

/** What Ubuntu's update-notifier leaves when a package (a kernel, for one) takes effect only with a reboot. */
const REBOOT_REQUIRED = '/run/reboot-required';

type Arguments = Readonly<Partial<Record<string, Readonly<Record<string, string>>>>>;

export async function observeRemedies(
  { juju, host }: Clients,
  { exists, present, former }: Node,
  demands: Demands,
): Promise<RemedyFacts> {
  const committed = await recall(juju.state);
  const memory = await withUncommitted(host.files, committed);
  const named = [present, former].flatMap((files) => Object.values(files['kube-apiserver'] ?? {}));
  const keys = new Set([...Object.keys(demands.kernel?.values ?? {}), ...Object.keys(memory.kernel?.values ?? {})]);
  const { auditLog } = demands;
  const begins = auditLog !== undefined && present['kube-apiserver']?.['--audit-log-path'] === undefined;
  const tunes = exists && demands.kernel !== undefined && memory.kernel === undefined;
  const [wanted, policies, strays, kernel, kernelFile, freeForAudit, auditFolder, reboot] = await Promise.all([
    exists ? wantedOfFiles({ host }, demands, Object.keys(memory.files)) : NO_FILES,
    readAll(
      host.files,
      demands.policies.map(({ path }) => path),
    ),
    straysAmong(host.files, new Set([...named, ...demands.policies.map(({ path }) => path)])),
    Promise.all([...keys].map(async (key) => [key, await host.sysctl.read(key)] as const)),
    keys.size > 0 ? host.files.read(KERNEL_FILE) : undefined,
    begins ? host.files.freeSpace(auditLog.path) : undefined,
    auditLog === undefined || host.files.status(folderOf(auditLog.path)).then((found) => found?.kind === 'directory'),
    tunes ? host.files.status(REBOOT_REQUIRED) : undefined,
  ]);
  return {
    demands,
    committed,
    memory,
    ...wanted,
    policies,
    strays,
    kernel: Object.fromEntries(kernel),
    kernelFile,
    protectsKernel: [present, former].some(protectsKernel),
    rebootPending: reboot !== undefined,
    freeForAudit,
    auditFolder,
  };
}

type WantedOfFiles = Pick<RemedyFacts, 'files' | 'modes' | 'owners'>;

const NO_FILES: WantedOfFiles = { files: new Map(), modes: new Map(), owners: new Map() };

async function wantedOfFiles(
  clients: Pick<Clients, 'host'>,
  demands: Demands,
  remembered: readonly string[],
): Promise<WantedOfFiles> {
  const patterns = [...demands.modes, ...demands.owners].flatMap(({ paths }) => paths);
  const all = await observeFiles(clients.host, [...new Set([...patterns, ...remembered])]);
  const names = Object.keys(all);
  const files = new Map<string, FileFacts>();
  const modes = new Map<string, number>();
  const owners = new Map<string, Owner>();
  const each = (paths: readonly string[], use: (path: string, facts: FileFacts) => void) => {
    for (const path of paths.flatMap((pattern) => fitting(pattern, names))) {
      const facts = all[path];
      // What a link leads to is not what was meant to be changed; the assessment names it.
      if (facts !== undefined && !facts.link) use(path, facts);
    }
  };
  for (const { paths, mode, kind } of demands.modes)
    each(paths, (path, facts) => {
      if (!isMeant(facts, mode, kind)) return;
      files.set(path, facts);
      modes.set(path, (modes.get(path) ?? 0o7777) & mode);
    });
  for (const { paths, owner } of demands.owners)
    each(paths, (path, facts) => {
      files.set(path, facts);
      owners.set(path, owner);
    });
  each(remembered, (path, facts) => files.set(path, facts));
  return { files, modes, owners };
}

/** A mode without the right to enter is never meant for a directory: nobody could use what is in it. */
function isMeant({ kind }: FileFacts, mode: number, wanted: 'file' | 'directory' | undefined): boolean {
  if (wanted !== undefined) return kind === wanted;
  return kind === 'file' || (kind === 'directory' && (mode & 0o100) !== 0);
}

async function readAll(files: Files, paths: readonly string[]): Promise<ReadonlyMap<string, string | undefined>> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await files.read(path)] as const)));
}

async function straysAmong(files: Files, needed: ReadonlySet<string>): Promise<readonly string[]> {
  const names = (await files.list(POLICY_DIRECTORY)).filter(isPolicyFile);
  return names.map((name) => `${POLICY_DIRECTORY}/${name}`).filter((path) => !needed.has(path));
}

function protectsKernel({ kubelet }: Arguments): boolean {
  return isTrue(kubelet?.['--protect-kernel-defaults']);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
