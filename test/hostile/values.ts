/**
 * What an attacker writes where JSON is expected. `fc.json()` does not find it: objects whose own `toString`, `valueOf`, `toJSON` or
 * `__proto__` changes what JavaScript does with them, values at and over limits, look-alikes of what is right.
 */

import fc from 'fast-check';

const METHODS = ['toString', 'valueOf', 'toJSON', '__proto__', 'constructor', 'then', 'hasOwnProperty', 'length'];

/** Texts that break what they are put into: lines, logs, paths, shells, numbers, names. */
export const NASTY_TEXTS: readonly string[] = [
  '',
  ' ',
  '\n',
  'x\ny',
  'x\r\ny',
  '\u0000',
  '\u0001'.repeat(2000),
  '\u001b[2K',
  '\u2028',
  '\u202e',
  '\ud800',
  '\ufeff',
  '__proto__',
  'constructor',
  '../../etc/shadow',
  '$(reboot)',
  '`id`',
  '%s%n',
  'NaN',
  'Infinity',
  '-1',
  '1e999',
  '0x10',
  '9007199254740993',
  '1970-01-01',
  '+275760-09-13T00:00:00.001Z',
  '2026-13-45T99:99:99Z',
  'null',
  'a'.repeat(254),
  'é'.repeat(5000),
  'x'.repeat(300_000),
];

/** JSON text of one hostile value. */
const scalarText = fc.oneof(
  fc.constantFrom(
    'null',
    'true',
    'false',
    '0',
    '-0',
    '-1',
    '1.5',
    '1e308',
    '1e999',
    '9007199254740993',
    '[]',
    '{}',
    '[null]',
    '[[]]',
  ),
  fc.constantFrom(...NASTY_TEXTS).map((text) => JSON.stringify(text)),
  fc.string().map((text) => JSON.stringify(text)),
);

const methodText: fc.Arbitrary<string> = fc
  .tuple(fc.uniqueArray(fc.constantFrom(...METHODS), { minLength: 1 }), scalarText)
  .map(([names, value]) => `{${names.map((name) => `${JSON.stringify(name)}:${value}`).join(',')}}`);

/** A hostile value for one member. */
export const hostileMember: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: methodText },
  { weight: 3, arbitrary: scalarText },
  { weight: 1, arbitrary: methodText.map((text) => `[${text},${text}]`) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 5000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 5000 }).map((depth) => `${'{"a":'.repeat(depth)}null${'}'.repeat(depth)}`),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1000, max: 60_000 }).map((count) => `[${Array(count).fill('1').join(',')}]`),
  },
  { weight: 2, arbitrary: fc.json({ maxDepth: 3 }) },
);

/**
 * JSON text that looks like what is right, with some members replaced, doubled, left out or joined by strangers; or no JSON at all.
 * @param right a text of the real form.
 */
export function hostileText(right: string): fc.Arbitrary<string> {
  const members = Object.entries(JSON.parse(right) as Record<string, unknown>).map(
    ([name, value]) => [JSON.stringify(name), JSON.stringify(value)] as const,
  );
  const altered = fc
    .tuple(
      fc.array(fc.option(hostileMember), { minLength: members.length, maxLength: members.length }),
      fc.array(fc.boolean(), { minLength: members.length, maxLength: members.length }),
      fc.option(fc.tuple(fc.constantFrom(...METHODS), hostileMember)),
    )
    .map(([values, dropped, stranger]) => {
      const kept = members.flatMap(([name, value], index) =>
        dropped[index] && index % 2 ? [] : [`${name}:${values[index] ?? value}`],
      );
      const more = stranger === null ? [] : [`${JSON.stringify(stranger[0])}:${stranger[1]}`];
      return `{${[...kept, ...more].join(',')}}`;
    });
  return fc.oneof(
    { weight: 6, arbitrary: altered },
    { weight: 1, arbitrary: hostileMember },
    { weight: 1, arbitrary: altered.map((text) => `[${text},${text}]`) },
    { weight: 1, arbitrary: fc.nat({ max: right.length }).map((at) => right.slice(0, at)) },
    { weight: 1, arbitrary: fc.constantFrom(...NASTY_TEXTS) },
  );
}

/**
 * Whether a value is only what JSON without methods can say, so that to print or copy it runs nobody's code. Dates are ours.
 */
export function isHarmless(value: unknown): boolean {
  if (value === undefined || value === null || value instanceof Date) return true;
  if (typeof value !== 'object') return true;
  if (value instanceof Map) return [...value].flat().every(isHarmless);
  if (Array.isArray(value)) return value.every(isHarmless);
  if (
    METHODS.some(
      (name) => name !== 'length' && Object.hasOwn(value, name) && typeof Reflect.get(value, name) === 'object',
    )
  )
    return false;
  return Object.values(value).every(isHarmless);
}
