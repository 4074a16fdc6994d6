/** A change in words for an operator: what the status says while it is being made, and what the action `plan` says of it. */

import { optionOf, type Service } from '../../core/services.ts';
import type { Change } from './change.ts';
import type { Memory, RememberedArguments } from './facts.ts';

type Set = Readonly<Record<string, string | null>>;

/** What the unit is doing while it makes the change, for changes that take time. */
export function workOf(change: Change, memory: Memory): string | undefined {
  switch (change.kind) {
    case 'install-snap':
      return `installing the k8s snap (${sourceOption(change)})`;
    case 'refresh-snap':
      return change.file
        ? 'replacing the k8s snap (snap-installation)'
        : `refreshing the k8s snap to ${change.channel} (snap-channel)`;
    case 'await-daemon':
      return 'starting k8sd';
    case 'remove-node':
    case 'remove-returned-node':
      return `removing node ${change.node} from the cluster`;
    case 'configure-cluster':
      return 'configuring the cluster';
    case 'write-arguments':
      return `restarting ${change.change.service} (${optionsOf(change.change.service, change.change, memory)})`;
    case 'finish-arguments':
      return `restarting ${change.service}, which an interrupted change left to do`;
    case 'remove-snap':
    case 'clear-machine':
      return 'removing the k8s snap';
    default:
      return undefined;
  }
}

/** One line of a plan, and what belongs to it, a line each. */
export function planned(
  change: Change,
  memory: Memory,
): { readonly line: string; readonly details: readonly string[] } | undefined {
  if (change.kind !== 'write-arguments') return undefined;
  const { service, set } = change.change;
  return {
    line: `restart ${service} (${optionsOf(service, change.change, memory)})`,
    details: Object.entries(set).map(flag),
  };
}

function flag([name, value]: readonly [string, string | null]): string {
  return value === null ? `remove ${name}` : `set ${name}=${value}`;
}

function sourceOption({ file }: { readonly file: object | undefined }): string {
  return file ? 'snap-installation' : 'snap-channel';
}

/** The options that ask for what is set, or asked for what is taken back. */
export function optionsOf(
  service: Service,
  { set, remember }: { readonly set: Set; readonly remember: RememberedArguments },
  memory: Memory,
): string {
  const before = memory.arguments[service] ?? {};
  const options = Object.keys(set).map((name) => (remember[name] ?? before[name])?.by ?? optionOf(service));
  return [...new Set(options.flatMap((text) => text.split(', ')))].join(', ') || optionOf(service);
}
