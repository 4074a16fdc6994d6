/**
 * The identity of a change: data alone, never a sentence. The same change has the same identity on every unit and in every revision
 * of the charm, so whoever rewords a message changes nothing about what is retried, refused or remembered.
 */

import { createHash } from 'node:crypto';

/** What makes a change this change and no other: plain data, as JSON has it. A key that is undefined counts as absent. */
export type Essence = Readonly<Record<string, unknown>>;

/** 16 hexadecimal digits. The order of keys does not matter, the order of lists does. */
export function changeIdentity(essence: Essence): string {
  return digest(JSON.stringify(sorted(essence)));
}

/** One identity for changes that are made together. */
export function jointIdentity(ids: readonly string[]): string {
  return digest(ids.join('\n'));
}

/** The identity that revisions up to this one gave to a change: the digest of the sentence that described it. */
export function sentenceIdentity(description: string): string {
  return digest(description);
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
