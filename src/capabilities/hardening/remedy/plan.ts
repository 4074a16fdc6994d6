/**
 * What has to change on a node so that it is as the options ask, or as it was before they asked: policy files before the arguments that
 * name them, kernel parameters before kubelet insists on them, and the other way round when they go.
 */

import type { Owner } from '../../../clients/host/host.ts';
import type { UnitStatus } from '../../../clients/juju/status.ts';
import type { FileFacts } from '../node-facts.ts';
import type { FileChange, RemedyChange } from './change.ts';
import type { RemedyFacts } from './facts.ts';
import { kernelFile } from './kernel-file.ts';
import { type Remembered, type RememberedFile, type RememberedKernel, sameMemory } from './memory.ts';

export interface RemedyPlan {
  readonly changes: readonly RemedyChange[];
  readonly reports: readonly UnitStatus[];
  /** Whether arguments may change: what they name and need is in place. */
  readonly ready: boolean;
}

export function planRemedies(facts: RemedyFacts): RemedyPlan {
  const changes = [...planPolicies(facts), ...planKernel(facts)];
  const problems = [spaceProblem(facts), rebootProblem(facts)].filter((problem) => problem !== undefined);
  const ready = changes.every(({ kind }) => kind === 'remove-policies' || kind === 'restore-kernel');
  return {
    changes: [...changes, ...planFiles(facts)],
    reports: problems.map((message) => ({ status: 'blocked', message })),
    ready: ready && problems.length === 0 && isTuned(facts),
  };
}

/** What was asked for before and no dispatch came to remember is told by the values themselves. */
function isTuned({ demands: { kernel: wanted }, kernel }: RemedyFacts): boolean {
  return Object.entries(wanted?.values ?? {}).every(([key, value]) => kernel[key] === value);
}

function planPolicies({ demands, policies, strays, auditFolder }: RemedyFacts): readonly RemedyChange[] {
  const files = demands.policies.filter(({ path, content }) => policies.get(path) !== content);
  const path = demands.auditLog?.path;
  const folder = path === undefined || auditFolder ? undefined : path.slice(0, path.lastIndexOf('/')) || '/';
  return [
    ...(files.length > 0 || folder !== undefined ? [{ kind: 'write-policies', files, folder } as const] : []),
    ...(strays.length > 0 ? [{ kind: 'remove-policies', paths: strays } as const] : []),
  ];
}

const MEBIBYTE = 1_048_576;

/** kube-apiserver counts megabytes of 1024 * 1024 bytes (lumberjack). */
function spaceProblem({ demands: { auditLog }, freeForAudit }: RemedyFacts): string | undefined {
  if (auditLog === undefined || freeForAudit === undefined) return undefined;
  const needed = (auditLog.maxBackup + 1) * auditLog.maxSize;
  const free = Math.floor(freeForAudit / MEBIBYTE);
  if (free >= needed) return undefined;
  return (
    `audit-log-maxsize, audit-log-maxbackup: the audit log may take ${needed} MB, and ${free} MB are free for ` +
    `${auditLog.path}; free some, lower them, or set audit-log-path to another disk`
  );
}

/**
 * kubelet would be made to insist on parameters of a kernel that is about to go, and be down if another one does not have them. A node
 * that comes into being now has nothing to lose, and the images of many clouds start with a reboot pending.
 */
function rebootProblem({ demands: { kernel }, rebootPending }: RemedyFacts): string | undefined {
  if (kernel === undefined || !rebootPending) return undefined;
  return `${kernel.askers.join(', ')}: the machine waits for a reboot (/run/reboot-required); reboot it, the rest follows by itself`;
}

function planKernel(facts: RemedyFacts): readonly RemedyChange[] {
  if (facts.rebootPending) return [];
  const wanted = facts.demands.kernel;
  if (wanted === undefined) return planKernelBack(facts);
  const { kernel, kernelFile: present, memory, committed } = facts;
  const { values, askers, controls } = wanted;
  const write = Object.fromEntries(Object.entries(values).filter(([key, value]) => kernel[key] !== value));
  const text = kernelFile(values);
  const known = memory.kernel;
  const remember: RememberedKernel = {
    values: Object.fromEntries(
      Object.entries(values).map(([key, is]) => [key, { was: known?.values[key]?.was ?? kernel[key] ?? is, is }]),
    ),
    file: { was: known === undefined ? (present ?? null) : known.file.was, is: text },
  };
  const settled =
    Object.keys(write).length === 0 &&
    present === text &&
    sameMemory({ files: {}, kernel: remember }, { files: {}, kernel: committed.kernel });
  if (settled) return [];
  const file = present === text ? undefined : text;
  return [{ kind: 'tune-kernel', wanted: values, write, file, askers: askers.join(', '), controls, remember }];
}

/** Only when kubelet no longer insists on them: it would not start again. */
function planKernelBack(facts: RemedyFacts): readonly RemedyChange[] {
  const { memory, kernel, kernelFile: present, protectsKernel } = facts;
  const known = memory.kernel;
  if (known === undefined || protectsKernel) return [];
  const entries = Object.entries(known.values);
  const write = entries.filter(([key, { was, is }]) => kernel[key] === is && was !== is);
  const foreign = entries.filter(([key, { was, is }]) => kernel[key] !== is && kernel[key] !== was);
  const ours = present === known.file.is;
  const strange = !ours && (present ?? null) !== known.file.was;
  return [
    {
      kind: 'restore-kernel',
      write: Object.fromEntries(write.map(([key, { was }]) => [key, was])),
      file: ours ? known.file.was : undefined,
      foreign: [...foreign.map(([key]) => key), ...(strange ? ['the file that sets them at boot'] : [])],
    },
  ];
}

function planFiles({ files, modes, owners, memory, committed }: RemedyFacts): readonly RemedyChange[] {
  const set: FileChange[] = [];
  const drifted: string[] = [];
  const foreign: string[] = [];
  const next: Record<string, RememberedFile> = {};
  for (const [path, status] of files) {
    const known = memory.files[path] ?? {};
    const mode = decide(status.mode, modeWanted(status, modes.get(path)), known.mode);
    const owner = decide(ownerOf(status), ownerWanted(owners.get(path)), known.owner);
    if (mode.set !== undefined || owner.set !== undefined)
      set.push({
        path,
        ...(mode.set === undefined ? {} : { mode: mode.set }),
        ...(owner.set === undefined ? {} : { owner: parseOwner(owner.set) }),
      });
    if (mode.drifted || owner.drifted) drifted.push(path);
    if (mode.foreign || owner.foreign) foreign.push(path);
    if (mode.remember !== undefined || owner.remember !== undefined)
      next[path] = {
        ...(mode.remember === undefined ? {} : { mode: mode.remember }),
        ...(owner.remember === undefined ? {} : { owner: owner.remember }),
      };
  }
  const settled =
    set.length === 0 && sameMemory({ files: next, kernel: undefined }, { files: committed.files, kernel: undefined });
  return settled ? [] : [{ kind: 'set-files', set, drifted, foreign, remember: next }];
}

interface Decision<T> {
  readonly set?: T;
  readonly remember?: Remembered<T>;
  readonly drifted?: boolean;
  readonly foreign?: boolean;
}

/** @param wanted undefined: nobody asks. Equal to what is there: nothing to do for it. */
function decide<T>(here: T, wanted: T | undefined, known: Remembered<T> | undefined): Decision<T> {
  if (wanted !== undefined && wanted !== here)
    return { set: wanted, remember: { was: known ? known.was : here, is: wanted }, drifted: known !== undefined };
  if (known === undefined) return {};
  if (wanted !== undefined) return { remember: known };
  if (here === known.is) return known.was === known.is ? {} : { set: known.was };
  return here === known.was ? {} : { foreign: true };
}

/** What is stricter is left so. */
function modeWanted({ mode }: FileFacts, most: number | undefined): number | undefined {
  return most === undefined ? undefined : mode & most;
}

function ownerWanted(owner: Owner | undefined): string | undefined {
  return owner === undefined ? undefined : `${owner.uid}:${owner.gid}`;
}

function ownerOf({ uid, gid }: FileFacts): string {
  return `${uid}:${gid}`;
}

function parseOwner(text: string): Owner {
  const [uid, gid] = text.split(':').map((id) => Number(id));
  return { uid: uid ?? 0, gid: gid ?? 0 };
}
