/** Everything that remedies change on a node by themselves, as data. Arguments of services are changed elsewhere. */

import type { Owner } from '../../../clients/host/host.ts';
import type { Essence } from '../../../core/change-identity.ts';
import type { RemedyMemory, RememberedKernel } from './memory.ts';
import type { PolicyFile } from './policy-files.ts';

export interface FileChange {
  readonly path: string;
  readonly mode?: number;
  readonly owner?: Owner;
}

export type RemedyChange =
  | {
      readonly kind: 'write-policies';
      readonly files: readonly PolicyFile[];
      /** Of the audit log, when it is not there. */
      readonly folder: string | undefined;
    }
  | { readonly kind: 'remove-policies'; readonly paths: readonly string[] }
  | {
      readonly kind: 'tune-kernel';
      /** All that are wanted, and those of them that are to be written. */
      readonly wanted: Readonly<Record<string, string>>;
      readonly write: Readonly<Record<string, string>>;
      /** Undefined: as it is. */
      readonly file: string | undefined;
      readonly askers: string;
      readonly controls: readonly string[];
      readonly remember: RememberedKernel;
    }
  | {
      readonly kind: 'restore-kernel';
      readonly write: Readonly<Record<string, string>>;
      /** Undefined: left as it is; null: removed. */
      readonly file: string | null | undefined;
      readonly foreign: readonly string[];
    }
  | {
      readonly kind: 'set-files';
      readonly set: readonly FileChange[];
      /** Ours, changed by somebody else since, and set again. */
      readonly drifted: readonly string[];
      /** Were ours, changed by somebody else since, and left alone. */
      readonly foreign: readonly string[];
      readonly remember: RemedyMemory['files'];
    };

/** What makes the change this change and no other (`core/change-identity.ts`). */
export function remedyEssence(change: RemedyChange): Essence {
  const { kind } = change;
  switch (change.kind) {
    case 'write-policies':
      return { kind, paths: change.files.map(({ path }) => path), folder: change.folder };
    case 'remove-policies':
      return { kind, paths: change.paths };
    case 'tune-kernel':
    case 'restore-kernel':
      return { kind, write: change.write };
    case 'set-files':
      return { kind, paths: change.set.map(({ path }) => path) };
  }
}

/** One line for an operator. */
export function describeRemedy(change: RemedyChange): string {
  switch (change.kind) {
    case 'write-policies': {
      const paths = change.files.map(({ path }) => path);
      return `write ${[...paths, ...(change.folder === undefined ? [] : [`the folder ${change.folder}`])].join(', ')}`;
    }
    case 'remove-policies':
      return `remove ${change.paths.join(', ')}, which nothing names any more`;
    case 'tune-kernel':
      return `set kernel parameters: ${pairs(change.write) || 'at boot'}`;
    case 'restore-kernel':
      return `give kernel parameters back: ${pairs(change.write) || 'none'}`;
    case 'set-files':
      return change.set.length === 0 ? 'remember modes and owners of files' : change.set.map(describeFile).join(', ');
  }
}

function describeFile({ path, mode, owner }: FileChange): string {
  const parts = [
    ...(mode === undefined ? [] : [`mode ${mode.toString(8)}`]),
    ...(owner === undefined ? [] : [`owner ${owner.uid}:${owner.gid}`]),
  ];
  return `set ${parts.join(' and ')} on ${path}`;
}

function pairs(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
