/** Guards that keys of a backup are taken as they are, never in the place of one that is in use, and never quoted. */

import { describe, expect, it } from 'vitest';
import { withImported } from '../../../src/capabilities/encryption/imported.ts';
import { KEYS } from './facts.ts';

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');

describe('keys of a backup', () => {
  it('are added beside those that are there', () => {
    const { keys, added } = withImported(KEYS, { 'key-9': key(9), 'key-2': KEYS.get(2) ?? '', 'key-7': key(7) });
    expect([...keys.keys()].sort()).toEqual([1, 2, 3, 7, 9]);
    expect([keys.get(9), added]).toEqual([key(9), [7, 9]]);
  });

  it('that are there already add nothing', () => {
    expect(withImported(KEYS, { 'key-1': KEYS.get(1) ?? '' }).added).toEqual([]);
  });

  it.each<[string, Record<string, string>, string]>([
    ['another key of a number in use', { 'key-1': key(77) }, 'this cluster has another key 1'],
    ['nothing', {}, 'the secret has no key'],
    ['a key that is too short', { 'key-9': Buffer.alloc(16).toString('base64') }, 'the secret has no key'],
    ['something else besides', { 'key-9': key(9), password: 'hunter2' }, 'password in the secret is no key'],
    ['a number that is none', { 'key-9': key(9), 'key-0': key(1) }, 'key-0 in the secret is no key'],
    ['a number beyond all', { 'key-9': key(9), 'key-99999999999999999999': key(1) }, 'is no key'],
  ])('are refused with %s, which is not quoted', (_, content, why) => {
    const read = () => withImported(KEYS, content);
    expect(read).toThrow(why);
    for (const value of Object.values(content)) expect(read).not.toThrow(value);
  });
});
