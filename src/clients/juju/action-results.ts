/** Results of an action in the form that `action-set` takes: dotted keys with text, checked against Juju's rules before any is sent. */

import type { ActionResults } from './juju.ts';

const SEGMENT = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** Juju fills these itself with what the process printed, and refuses them at any depth. */
const RESERVED: ReadonlySet<string> = new Set(['stdout', 'stdout-encoding', 'stderr', 'stderr-encoding']);

/** Bytes of one value; a process argument ends at 128 KiB, and people have to read it. */
const LARGEST_RESULT = 100 * 1024;

/** `key=value` arguments. Throws for what Juju would refuse, naming the key and what would be right. */
export function resultArguments(results: ActionResults): readonly string[] {
  const values = new Map<string, string>();
  for (const [key, value] of flatten(results, '')) {
    checkKey(key);
    checkValue(key, value);
    if (values.has(key)) throw new TypeError(`action result '${key}' is given twice`);
    values.set(key, value);
  }
  return Array.from(values, ([key, value]) => `${key}=${value}`);
}

function flatten(results: ActionResults, prefix: string): readonly (readonly [string, string])[] {
  return Object.entries(results).flatMap(([key, value]) =>
    typeof value === 'object'
      ? flatten(value, `${prefix}${key}.`)
      : [[`${prefix}${key}`, String(value).toWellFormed()] as const],
  );
}

function checkKey(key: string): void {
  for (const segment of key.split('.')) {
    if (RESERVED.has(segment)) throw new TypeError(`action result '${key}': Juju keeps '${segment}' for itself`);
    if (!SEGMENT.test(segment)) {
      throw new TypeError(
        `action result '${key}': '${segment}' has to be lowercase letters, digits and hyphens, with a letter or digit at both ends`,
      );
    }
  }
  if (key === 'return-code') throw new TypeError("action result 'return-code': Juju overwrites it with the exit code");
}

function checkValue(key: string, value: string): void {
  const size = Buffer.byteLength(value);
  if (size > LARGEST_RESULT) {
    throw new RangeError(
      `action result '${key}' has ${size} bytes; Juju takes about ${LARGEST_RESULT}: write a file and give its path`,
    );
  }
  if (value.includes('\0'))
    throw new TypeError(`action result '${key}' contains a NUL character, which no argument can`);
}
