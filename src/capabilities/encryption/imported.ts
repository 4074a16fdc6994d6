/** Keys that an operator has kept with a backup of the datastore, beside those that the charm still has. Pure. */

import type { SecretContent } from '../../clients/juju/juju.ts';
import { type Keys, readKeys } from './keys.ts';

/**
 * @param content of the operator's secret: `key-1`, `key-2`, … as in the charm's own.
 * @throws Error with the text for the operator. It names no key.
 */
export function withImported(
  known: Keys,
  content: SecretContent,
): { readonly keys: Keys; readonly added: readonly number[] } {
  const given = readKeys(content);
  if (given.size === 0)
    throw new Error(
      'the secret has no key: give keys as key-<number>=<base64 of 32 bytes>, as juju show-secret prints them',
    );
  const stray = Object.keys(content).find((name) => !/^key-[1-9]\d*$/.test(name) || !given.has(Number(name.slice(4))));
  if (stray !== undefined)
    throw new Error(`${stray} in the secret is no key: key-<number>=<base64 of 32 bytes> is wanted`);
  const clash = [...given].find(([number, key]) => known.has(number) && known.get(number) !== key)?.[0];
  if (clash !== undefined)
    throw new Error(
      `this cluster has another key ${clash}: a datastore names keys by their numbers, so that only one of the two can be in use; restore that backup into a new application`,
    );
  const added = [...given.keys()].filter((number) => !known.has(number)).sort((one, other) => one - other);
  return { keys: new Map([...known, ...given]), added };
}
