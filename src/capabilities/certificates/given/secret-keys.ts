/**
 * The keys of the secret in which an operator brings certificates: `ca-crt` of the whole cluster, `k8s-0-kubelet-crt` of the unit
 * `k8s/0`. They follow Juju's rule for keys of secrets (lower-case letters, digits, single hyphens), and each is k8sd's field, with the
 * unit before it where there is one for each.
 */

import type { Pems } from './fields.ts';
import { leavesOf } from './leaves.ts';

const LEAVES = leavesOf('bootstrap', false).map(({ name }) => name);
const OF_UNIT = new RegExp(`^[a-z][a-z0-9-]*-[0-9]+-(?:${LEAVES.join('|')})-(?:crt|key)$`);

/** @param unit `k8s/0`. @param field `kubelet-crt`. */
export function keyOf(unit: string, field: string): string {
  return `${unit.replace('/', '-')}-${field}`;
}

/** What the secret holds for one unit, by k8sd's fields. */
export function fieldsOfUnit(content: Pems, unit: string): Pems {
  return Object.fromEntries(
    LEAVES.flatMap((name) => [`${name}-crt`, `${name}-key`]).flatMap((field) => {
      const value = content[keyOf(unit, field)];
      return value ? [[field, value] as const] : [];
    }),
  );
}

/** Keys that are neither a unit's, whichever, nor one of those. */
export function unknownKeys(content: Pems, known: readonly string[]): readonly string[] {
  return Object.keys(content).filter((key) => !known.includes(key) && !OF_UNIT.test(key));
}
