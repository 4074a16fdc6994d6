/**
 * What a worker takes from its control plane: on the application databag of `k8s-cluster`, under a key of our own that existing charms
 * pass over. An option that is set on the worker is the worker's own matter, also when it is set to false; of those that are not set,
 * each is what the control plane has. Juju tells an option without a default only when it is set, which is why the worker's have none.
 */

import { parseObject } from '../../core/foreign-json.ts';
import { lengthProblem, type Option, type RawOptions } from '../../core/options.ts';
import { HARDENING_OPTIONS } from './declared-options.ts';

/** Key of the application databag: a JSON object of options that differ from their defaults. */
export const HARDENING_KEY = 'hardening';

const INHERITED: readonly (readonly [string, Option<unknown>])[] = Object.entries(HARDENING_OPTIONS).filter(
  ([, { inherited }]) => inherited,
);

/** @returns undefined when all is as it is anyway: nothing has to be told then. */
export function formatInheritance(raw: RawOptions): string | undefined {
  const told = INHERITED.flatMap(([name, option]) => {
    const value = raw[name];
    const usual = value === undefined || value === option.default || value === '';
    return usual || lengthProblem(option, value) !== undefined ? [] : [[name, value] as const];
  });
  return told.length === 0 ? undefined : JSON.stringify(Object.fromEntries(told));
}

/** The worker's options with those of the control plane where it has none. What cannot be understood is passed over. */
export function withInheritance(own: RawOptions, text: string | undefined): RawOptions {
  const told = parseObject(text);
  const values = INHERITED.flatMap(([name, option]) => {
    const set = own[name];
    if (set !== undefined && set !== '') return [];
    const value = told[name];
    return isOfType(value, option) ? [[name, value] as const] : [];
  });
  return { ...own, ...Object.fromEntries(values) };
}

function isOfType(value: unknown, { type }: Option<unknown>): value is RawOptions[string] {
  switch (type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'int':
    case 'float':
      return typeof value === 'number';
    default:
      return typeof value === 'string';
  }
}
