/**
 * The operator's arguments on a running node: what has to change in the files, and what stood there before, so that an
 * argument taken out of the option gives back what k8sd had put there.
 */

import { parseArguments, repeatedFlags, sameArguments } from '../../core/argument-file.ts';
import type { AskedArguments } from '../../core/contribution.ts';
import { ARRAY_DIVIDER } from '../../core/flags.ts';
import type { Arguments, ExtraArguments, Service } from '../../core/services.ts';
import { isDefault, knownDefaults } from './default-arguments.ts';
import type { RememberedArgument, RememberedArguments, ServiceArguments } from './facts.ts';

export interface ArgumentsChange {
  readonly service: Service;
  /** Flag → new value; null takes it out. Empty when only the memory changes. */
  readonly set: Readonly<Record<string, string | null>>;
  /** What is remembered of the service afterwards. */
  readonly remember: RememberedArguments;
  /** Flags that were ours and that somebody has changed since; left alone. */
  readonly foreign: readonly string[];
  /** Flags that are ours, and that somebody has changed since; set again. */
  readonly drifted: readonly string[];
}

const NOT_ASKED: AskedArguments = { flags: {}, askers: {} };

/** @returns the change that brings the file to what is wanted, or undefined when it is there. */
export function planArguments(
  service: Service,
  wanted: ExtraArguments,
  file: ServiceArguments,
  remembered: RememberedArguments,
  { askers, standing = [] }: AskedArguments = NOT_ASKED,
): ArgumentsChange | undefined {
  const present = parseArguments(service, file.text);
  const repeated = new Set(repeatedFlags(service, file.text));
  const known = afterLastEdit(service, file, remembered);
  const set: Record<string, string | null> = {};
  const remember: Record<string, RememberedArgument> = {};
  const foreign: string[] = [];
  const drifted: string[] = [];
  for (const [flag, value] of Object.entries(wanted)) {
    const here = present[flag] ?? null;
    // Given twice it comes to the same, and k8sd restarts the service for it for ever.
    const right = here === value && (!repeated.has(flag) || value?.includes(ARRAY_DIVIDER) === true);
    if (!right) set[flag] = value;
    if (!right && known[flag]?.is === value) drifted.push(flag);
    remember[flag] = {
      was: known[flag] ? known[flag].was : standing.includes(flag) ? here : before(service, flag, value, present),
      is: value,
      ...(askers[flag] ? { by: askers[flag] } : {}),
    };
  }
  for (const [flag, { was, is }] of Object.entries(known)) {
    if (flag in wanted || was === is) continue;
    const here = present[flag] ?? null;
    if (here === is) set[flag] = was;
    else if (here !== was) foreign.push(flag);
  }
  const settled = Object.keys(set).length === 0 && sameMemory(remember, remembered);
  return settled ? undefined : { service, set, remember, foreign, drifted };
}

/**
 * The arguments that can go to k8sd at bootstrap or join, since it is known what stands there without them: nothing, or a default that
 * is the same everywhere.
 */
export function argumentsAtBirth(service: Service, wanted: ExtraArguments): Record<string, string> {
  const known = knownDefaults(service);
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([flag, value]) => {
      const possible = value !== null && (!isDefault(service, flag) || (flag in known && known[flag] !== value));
      return possible ? [[flag, value] as const] : [];
    }),
  );
}

/** What is to be remembered of a node that comes into being with these. */
export function rememberedAtBirth(
  service: Service,
  given: Readonly<Record<string, string>>,
  { askers }: AskedArguments = NOT_ASKED,
): RememberedArguments {
  const known = knownDefaults(service);
  return Object.fromEntries(
    Object.entries(given).map(([flag, is]) => [
      flag,
      { was: known[flag] ?? null, is, ...(askers[flag] ? { by: askers[flag] } : {}) },
    ]),
  );
}

/** What the file would say without any argument of ours. */
export function untouchedArguments(
  service: Service,
  file: ServiceArguments,
  remembered: RememberedArguments,
): Arguments {
  const untouched: Record<string, string> = { ...parseArguments(service, file.text) };
  for (const [flag, { was }] of Object.entries(afterLastEdit(service, file, remembered))) {
    if (was === null) delete untouched[flag];
    else untouched[flag] = was;
  }
  return untouched;
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
function afterLastEdit(
  service: Service,
  { text, journal, born }: ServiceArguments,
  remembered: RememberedArguments,
): RememberedArguments {
  const uncommitted =
    journal !== undefined && sameArguments(service, journal.after, text) && sameMemory(journal.remembered, remembered);
  if (uncommitted) return journal.remember;
  return Object.keys(remembered).length === 0 ? (born ?? remembered) : remembered;
}

function sameMemory(one: RememberedArguments, other: RememberedArguments): boolean {
  const flags = Object.keys(one);
  return (
    flags.length === Object.keys(other).length &&
    flags.every((flag) => {
      const [mine, theirs] = [one[flag], other[flag]];
      return mine?.was === theirs?.was && mine?.is === theirs?.is && mine?.by === theirs?.by;
    })
  );
}
