/**
 * Texts of options that were read and found good, so that an ordinary dispatch reads no YAML: that takes longer than everything else
 * which it does. What came of each is kept in the unit state, beside the digest of the text.
 */

import { createHash } from 'node:crypto';
import type { State } from '../../clients/juju/juju.ts';
import { fitsInState } from '../../clients/juju/state.ts';
import { readForeign } from '../../core/foreign-json.ts';
import type { Shape } from '../../core/shapes.ts';

const PREFIX = 'hardening/read/';

/** Grows with what is kept of a text: what an earlier revision of the charm has kept is read anew. */
const VERSION = '2';

export type Reading<T> = { readonly value: T } | { readonly problem: string };

/**
 * Reads a text anew only when it is another one. What is not good is read each time: its problem has to be reported each time.
 * @param shape of what was kept: an older version of the charm may have kept something else.
 */
export async function readOnce<T>(
  state: State,
  option: string,
  text: string,
  shape: Shape<T>,
  read: (text: string) => Promise<Reading<T>>,
): Promise<Reading<T>> {
  const key = `${PREFIX}${option}`;
  const digest = createHash('sha256').update(`${VERSION}\n${text}`).digest('base64');
  const kept = await state.get(key);
  const known = kept?.startsWith(`${digest} `) ? readForeign(kept.slice(digest.length + 1), shape) : undefined;
  if (known !== undefined) return { value: known };
  const reading = await read(text);
  if ('problem' in reading) return reading;
  const entry = `${digest} ${JSON.stringify(reading.value)}`;
  if (fitsInState(key, entry)) state.set(key, entry);
  return reading;
}

/** Of an option that is empty again, nothing is kept. */
export async function forgetText(state: State, option: string): Promise<void> {
  const key = `${PREFIX}${option}`;
  if ((await state.get(key)) !== undefined) state.set(key, undefined);
}
