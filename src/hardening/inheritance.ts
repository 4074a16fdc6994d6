/**
 * What a worker takes from its control plane: on the application databag of `k8s-cluster`, under a key of our own that existing charms
 * pass over. An option that is set on the worker is the worker's own matter, also when it is set to false; of those that are not set,
 * each is what the control plane has. Juju tells an option without a default only when it is set, which is why the worker's have none.
 */

import { parseObject } from '../core/foreign-json.ts';
import type { ConfigValue } from '../juju/juju.ts';
import type { RawOptions } from './options.ts';

/** Key of the application databag: a JSON object of options that differ from their defaults. */
export const HARDENING_KEY = 'hardening';

interface Inherited {
  readonly type: 'boolean' | 'number' | 'string';
  /** Of the control plane's option; the worker's when nobody says anything. */
  readonly default: ConfigValue | undefined;
}

const INHERITED: Readonly<Record<string, Inherited>> = {
  'cis-mode': { type: 'boolean', default: false },
  'stig-mode': { type: 'boolean', default: false },
  'cis-benchmark': { type: 'string', default: '1.12' },
  'hardening-waivers': { type: 'string', default: '' },
  'pod-max-pids': { type: 'number', default: undefined },
  'tls-min-version': { type: 'string', default: '1.3' },
};

/** @returns undefined when all is as it is anyway: nothing has to be told then. */
export function formatInheritance(raw: RawOptions): string | undefined {
  const told = Object.entries(INHERITED).flatMap(([option, { default: usual }]) => {
    const value = raw[option];
    return value === undefined || value === usual || value === '' ? [] : [[option, value] as const];
  });
  return told.length === 0 ? undefined : JSON.stringify(Object.fromEntries(told));
}

/** The worker's options with those of the control plane where it has none. What cannot be understood is passed over. */
export function withInheritance(own: RawOptions, text: string | undefined): RawOptions {
  const told = parseObject(text);
  const values = Object.entries(INHERITED).flatMap(([option, { type }]) => {
    const set = own[option];
    if (set !== undefined && set !== '') return [];
    const value = told[option];
    return typeof value === type ? [[option, value as ConfigValue] as const] : [];
  });
  return { ...own, ...Object.fromEntries(values) };
}
