import { describe, expect, it } from 'vitest';
import { parseBoundedYaml, YAML_BOUNDS } from '../../src/core/bounded-yaml.ts';

const problem = async (text: string) => {
  const reading = await parseBoundedYaml(text);
  return 'problem' in reading ? reading.problem : undefined;
};
const value = async (text: string) => {
  const reading = await parseBoundedYaml(text);
  return 'value' in reading ? reading.value : reading.problem;
};

/** By what repeats. Each is as long as is taken. */
const REPEATED: Readonly<Record<string, (count: number) => string>> = {
  'explicit keys': (count) => '? '.repeat(count),
  'explicit keys of lists': (count) => '? - '.repeat(count),
  'lists in lists': (count) => '- '.repeat(count),
  'flow lists': (count) => '['.repeat(count),
  'flow maps': (count) => '{a: '.repeat(count),
  'indented maps': (count) =>
    Array.from({ length: Math.floor(Math.sqrt(count * 2)) }, (_, at) => `${' '.repeat(at)}a:`).join('\n'),
  keys: (count) => Array.from({ length: count }, (_, at) => `k${at}: 1`).join('\n'),
  'flow keys': (count) => `{${Array.from({ length: count }, (_, at) => `k${at}: 1`).join(',')}}`,
  items: (count) => `[${'{control: a, reason: b},'.repeat(count)}]`,
  anchors: (count) => '&a '.repeat(count),
  aliases: (count) => `a: &a [1]\nb: [${'*a,'.repeat(count)}]`,
  'aliases of aliases': (count) =>
    Array.from(
      { length: Math.min(count, 40) },
      (_, at) => `k${at}: &a${at} [${at === 0 ? '1' : `*a${at - 1},`.repeat(9)}]`,
    ).join('\n'),
  tags: (count) => '!!str '.repeat(count),
  colons: (count) => ': '.repeat(count),
  documents: (count) => '---\n'.repeat(count),
  comments: (count) => '# x\n'.repeat(count),
  quotes: (count) => '"'.repeat(count),
  'line breaks in quotes': (count) => `"${'\n'.repeat(count)}"`,
  blanks: (count) => `a${' '.repeat(count)}b:`,
  'plain words on lines': (count) => 'a\n'.repeat(count),
};

describe('YAML that a person writes', () => {
  it.each(Object.entries(REPEATED))('takes no time whatever repeats in it: %s', async (_, repeat) => {
    for (const length of [2000, YAML_BOUNDS.length]) {
      let count = length;
      while (repeat(count).length > length) count = Math.floor(count / 1.2);
      const text = repeat(count);
      const began = process.cpuUsage();
      await parseBoundedYaml(text);
      const { user } = process.cpuUsage(began);
      expect(user / 1000).toBeLessThan(5000);
    }
  });

  it('is refused when it is too long, without being read', async () => {
    expect(await problem('x'.repeat(YAML_BOUNDS.length + 1))).toBe('has 65537 characters; at most 65536 are taken');
    expect(await problem('x'.repeat(YAML_BOUNDS.length))).toBeUndefined();
  });

  it('is refused when it is too deep or has too many parts, with the line', async () => {
    expect(await problem(`${'['.repeat(33)}${']'.repeat(33)}`)).toBe(
      'has more than 32 lists and maps inside each other',
    );
    expect(await problem(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeUndefined();
    expect(await problem(`a: 1\nb: ${'\n- '.repeat(1)}${'- '.repeat(40)}`)).toMatch(
      /^line \d+: has more than 32 lists and maps inside each other$/,
    );
    expect(await problem('- a\n'.repeat(10_001))).toMatch(
      /^line \d+: has more than 10000 lists, maps, keys and values$/,
    );
  });

  it.each([
    ['? [a]\n: b', 'line 1: has a key that is not plain text'],
    ['a: 1\n? {b: c}\n: d', 'line 2: has a key that is not plain text'],
    ['a: &x b\n*x : c', 'line 2: has a key that is not plain text'],
    ['a: 1\nb: 2\na: 3', 'line 3: has the key "a" twice'],
    ['a: {b: 1, b: 2}', 'line 1: has the key "b" twice'],
    ['"1": a\n1: b', 'line 2: has the key "1" twice'],
  ])('has keys that are plain texts, each once: %j', async (text, expected) => {
    expect(await problem(text)).toBe(expected);
  });

  it('is what it says', async () => {
    expect(await value('a: [1, x, true, null]\nb: |\n  text\nc: &d {e: f}\ng: *d')).toEqual({
      a: [1, 'x', true, null],
      b: 'text\n',
      c: { e: 'f' },
      g: { e: 'f' },
    });
    expect(await value('')).toBeNull();
    expect(await value('{"a": [1]}')).toEqual({ a: [1] });
  });

  it('changes nothing of what objects are', async () => {
    const read = await value('__proto__: {polluted: true}\ntoString: x');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});
