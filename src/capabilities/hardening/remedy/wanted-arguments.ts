/**
 * The arguments that services of a node are to have: what the operator gives in `*-extra-args`, what the options of hardening ask for,
 * and what stands there without either, merged flag by flag (catalogue C-05, C-20):
 *
 * - a value that all controls accept is left as it is, whoever it comes from;
 * - else a control goes before the operator's argument, which is told; to waive the control turns that round;
 * - an option that asks by itself (`tls-min-version`) gives way to the operator's argument;
 * - lists are added to and taken from: the operator's when there is one, else the one that stands there without us;
 * - a flag that a structured configuration replaces is not asked for: the API server does not start with both.
 */

import type { HardenedService } from '../control.ts';
import type { FlagDemand } from './demands.ts';
import { holds, itemsOf } from './flag-holds.ts';

/** What one service would have without hardening. */
export interface ServiceBase {
  /** The operator's; null takes a flag out. */
  readonly operator: Readonly<Record<string, string | null>>;
  /** What its file would say without any argument of ours. */
  readonly untouched: Readonly<Record<string, string>>;
  /** Paths among the values at which there is no file: a control does not accept them. */
  readonly missing?: ReadonlySet<string>;
  /** Flags that must not stand beside a configuration that a flag names. */
  readonly replaced?: ReadonlySet<string>;
  /** Whether the file will say something that is not known yet, before there is a node. */
  isUnknown(flag: string): boolean;
}

export interface WantedArguments {
  /** Null takes a flag out. */
  readonly flags: Readonly<Record<string, string | null>>;
  /** Options that ask for a flag, as an operator knows them. */
  readonly askers: Readonly<Record<string, string>>;
  /** Those of the flags that stand there without us as they are asked for. */
  readonly standing: readonly string[];
  readonly overridden: readonly Overridden[];
}

/** An argument of the operator's that gives way. */
export interface Overridden {
  readonly flag: string;
  readonly given: string | null;
  readonly askers: string;
  readonly controls: readonly string[];
}

export function wantedArguments(
  service: HardenedService,
  demands: readonly FlagDemand[],
  base: ServiceBase,
): WantedArguments {
  const groups = Map.groupBy(
    demands.filter((demand) => demand.service === service),
    ({ flag }) => flag,
  );
  const flags: Record<string, string | null> = {};
  const askers: Record<string, string> = {};
  const standing: string[] = [];
  const overridden: Overridden[] = [];
  for (const [flag, group] of groups) {
    if (base.replaced?.has(flag)) continue;
    const given = base.operator[flag];
    const value = decide(flag, group, base);
    if (value === undefined) continue;
    flags[flag] = value;
    if (value === given) continue;
    askers[flag] = [...new Set(group.map(({ asker }) => asker))].join(', ');
    if (given === undefined && value === (base.untouched[flag] ?? null)) standing.push(flag);
    const controls = [...new Set(group.flatMap((demand) => demand.controls))];
    if (given !== undefined && !isList(group)) overridden.push({ flag, given, askers: askers[flag], controls });
  }
  return { flags, askers, standing, overridden };
}

/** Undefined: nothing is asked for that is not so anyway. */
function decide(flag: string, group: readonly FlagDemand[], base: ServiceBase): string | null | undefined {
  const { operator, untouched } = base;
  const given = operator[flag];
  const controls = group.filter((demand) => demand.controls.length > 0);
  if (isList(group)) {
    if (given === undefined && base.isUnknown(flag)) return undefined;
    const before = given === undefined ? (untouched[flag] ?? null) : given;
    const after = group.reduce(editList, before);
    return after === before ? undefined : after;
  }
  const accepted = (value: string | null) =>
    !base.missing?.has(value ?? '') &&
    controls.every(({ tests }) => tests.length > 0 && tests.every((test) => holds(test, value)));
  if (given !== undefined && accepted(given)) return given;
  const option = group.find((demand) => demand.controls.length === 0);
  if (option !== undefined) return valueOfWish(option);
  if (given === undefined && base.isUnknown(flag)) return undefined;
  const stands = untouched[flag] ?? null;
  if (given === undefined && accepted(stands)) return stands;
  return valueOfWish(group.at(-1) as FlagDemand);
}

function isList(group: readonly FlagDemand[]): boolean {
  return group.every(({ wish }) => 'add' in wish || 'remove' in wish);
}

function valueOfWish({ wish }: FlagDemand): string | null {
  return 'set' in wish ? wish.set : null;
}

/** A list that becomes empty goes with its flag. Of items with `=` (feature gates) there is one for each name. */
function editList(list: string | null, { wish }: FlagDemand): string | null {
  const items = itemsOf(list);
  if ('remove' in wish) {
    const left = items.filter((item) => !wish.remove.includes(item));
    return left.length === items.length ? list : left.join(',') || null;
  }
  if (!('add' in wish)) return list;
  const missing = wish.add.filter((item) => !items.includes(item));
  if (missing.length === 0) return list;
  const names = new Set(missing.flatMap((item) => (item.includes('=') ? [nameOf(item)] : [])));
  return [...items.filter((item) => !names.has(nameOf(item))), ...missing].join(',');
}

function nameOf(item: string): string {
  return item.split('=')[0] ?? '';
}
