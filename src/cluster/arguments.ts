/**
 * The operator's arguments on a running node: what has to change in the files, and what stood there before, so that an
 * argument taken out of the option gives back what k8sd had put there.
 */

import { parseArguments } from './arguments-file.ts';
import { isDefault, type Service } from './default-arguments.ts';
import type { Arguments, ExtraArguments } from './extra-arguments.ts';
import type { RememberedArgument, RememberedArguments, ServiceArguments } from './facts.ts';

export interface ArgumentsChange {
  readonly service: Service;
  /** Flag → new value; null takes it out. Empty when only the memory changes. */
  readonly set: Readonly<Record<string, string | null>>;
  /** What is remembered of the service afterwards. */
  readonly remember: RememberedArguments;
  /** Flags that were ours and that somebody has changed since; left alone. */
  readonly foreign: readonly string[];
}

/** @returns the change that brings the file to what is wanted, or undefined when it is there. */
export function planArguments(
  service: Service,
  wanted: ExtraArguments,
  file: ServiceArguments,
  remembered: RememberedArguments,
): ArgumentsChange | undefined {
  const present = parseArguments(file.text);
  const known = afterLastEdit(file, remembered);
  const set: Record<string, string | null> = {};
  const remember: Record<string, RememberedArgument> = {};
  const foreign: string[] = [];
  for (const [flag, value] of Object.entries(wanted)) {
    if ((present[flag] ?? null) !== value) set[flag] = value;
    remember[flag] = {
      was: known[flag] ? known[flag].was : before(service, flag, value, present),
      is: value,
    };
  }
  for (const [flag, { was, is }] of Object.entries(known)) {
    if (flag in wanted || was === is) continue;
    const here = present[flag] ?? null;
    if (here === is) set[flag] = was;
    else if (here !== was) foreign.push(flag);
  }
  const settled = Object.keys(set).length === 0 && sameMemory(remember, remembered);
  return settled ? undefined : { service, set, remember, foreign };
}

/** The arguments that can go to k8sd at bootstrap or join, since they replace none of its own. */
export function argumentsAtBirth(service: Service, wanted: ExtraArguments): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([flag, value]) =>
      value === null || isDefault(service, flag) ? [] : [[flag, value] as const],
    ),
  );
}

/**
 * What stood there before a flag that is wanted and not remembered. If it is there already, it came with the bootstrap or join,
 * or was k8sd's own.
 */
function before(service: Service, flag: string, value: string | null, present: Arguments): string | null {
  const here = present[flag] ?? null;
  if (here !== value) return here;
  return isDefault(service, flag) ? value : null;
}

/** The memory as the last edit left it: where its dispatch was ended before Juju had committed that, the journal has it. */
function afterLastEdit({ text, journal }: ServiceArguments, remembered: RememberedArguments): RememberedArguments {
  const uncommitted = journal?.after === text && sameMemory(journal.remembered, remembered);
  return uncommitted ? journal.remember : remembered;
}

function sameMemory(one: RememberedArguments, other: RememberedArguments): boolean {
  const flags = Object.keys(one);
  return (
    flags.length === Object.keys(other).length &&
    flags.every((flag) => one[flag]?.was === other[flag]?.was && one[flag]?.is === other[flag]?.is)
  );
}
