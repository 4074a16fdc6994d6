/** Random input for tests, the same in every run: a failure can be looked at again. */

/** A whole number below the limit. */
export type Random = (limit: number) => number;

/** Mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** Well-formed text up to a length, of characters from all over Unicode, with those that parsers fall over in plenty. */
export function randomText(random: Random, length: number): string {
  return Array.from({ length: random(length + 1) }, () => randomCharacter(random)).join('');
}

const AWKWARD = '"\\/\n\r\t\0 :,{}[]#&*!|>\'%@`-?=~\u0085\u2028\u2029\ufeff\ufffe\uffff\u007f\u0080\u009f';

function randomCharacter(random: Random): string {
  switch (random(5)) {
    case 0:
      return AWKWARD.charAt(random(AWKWARD.length));
    case 1:
      return String.fromCodePoint(0x20 + random(0x5f));
    case 2:
      return String.fromCodePoint(random(0x100));
    case 3:
      return String.fromCodePoint(0x10000 + random(0x100000));
    default: {
      const point = random(0x10000 - 0x800);
      return String.fromCodePoint(point < 0xd800 ? point : point + 0x800);
    }
  }
}
