/** Keys as the Juju secret holds them. Nothing else that Juju knows ever holds one. */

import { randomBytes } from 'node:crypto';
import type { SecretContent } from '../../juju/juju.ts';

/** Base64 of the key, by its number. */
export type Keys = ReadonlyMap<number, string>;

/** What the AES providers take for AES-256 (kubernetes/apiserver, `pkg/apis/apiserver/validation`). */
const BYTES = 32;

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
