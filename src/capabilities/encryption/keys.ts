/** Keys as the Juju secret holds them. Nothing else that Juju knows ever holds one. */

import { randomBytes } from 'node:crypto';
import type { SecretContent } from '../../clients/juju/juju.ts';

/** Base64 of the key, by its number. */
export type Keys = ReadonlyMap<number, string>;

/** What the AES providers take for AES-256 (kubernetes/apiserver, `pkg/apis/apiserver/validation`). */
const BYTES = 32;

/** That are kept of the previous ones: for two years of backups at the default rotation of 30 days, and far below what Juju takes of a secret. */
const MOST_PREVIOUS = 24;

/** The key in use, if any, and of the previous ones the last that a backup of the datastore may still need. */
export function keptKeys(keys: Keys, inUse: number | undefined): Keys {
  const previous = [...keys.keys()].filter((number) => number !== inUse).sort((one, other) => other - one);
  const kept = new Set([inUse, ...previous.slice(0, MOST_PREVIOUS)]);
  return new Map([...keys].filter(([number]) => kept.has(number)));
}

export function newKey(): string {
  return randomBytes(BYTES).toString('base64');
}

/** `key-1`, `key-2`, …; anything else is left out. */
export function readKeys(content: SecretContent): Keys {
  return new Map(
    Object.entries(content).flatMap(([name, value]) => {
      const number = Number(/^key-([1-9]\d*)$/.exec(name)?.[1]);
      return Number.isSafeInteger(number) && isKey(value) ? [[number, value] as const] : [];
    }),
  );
}

export function writeKeys(keys: Keys): SecretContent {
  return Object.fromEntries([...keys].map(([number, key]) => [`key-${number}`, key]));
}

export function isKey(text: string): boolean {
  return /^[A-Za-z0-9+/]+=*$/.test(text) && Buffer.from(text, 'base64').length === BYTES;
}
