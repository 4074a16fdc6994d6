import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlMap } from '../../../src/clients/juju/yaml-map.ts';
import { readSettingsYaml } from '../../standins/juju/hook-tools/yaml-input.ts';
import { createRandom, randomText } from './random.ts';

const readers: [string, (text: string) => unknown][] = [
  ['YAML 1.1', (text) => parse(text, { version: '1.1' })],
  ['a reader with the limits of go-yaml v2', readSettingsYaml],
];

describe.each(readers)('yamlMap, read by %s', (_, read) => {
  it('keeps any text, whatever characters it has', () => {
    const random = createRandom(20260821);
    for (let round = 0; round < 300; round += 1) {
      const entries = new Map(
        Array.from({ length: 1 + random(5) }, () => [
          `k${randomText(random, 12)}`.slice(0, 100).toWellFormed(),
          randomText(random, 60),
        ]),
      );
      expect(read(yamlMap(entries))).toEqual(Object.fromEntries(entries));
    }
  });

  it.each([
    ['a next line character, which go-yaml reads as a space when it is raw', 'a\u0085b'],
    ['C1 control characters and DEL', '\u007f\u0080\u009f'],
    ['characters outside the BMP', '😀 \u{10FFFF}'],
    ['the last of the BMP', '\uffff\ufffe'],
    ['NUL', '\0'],
    ['line separators', 'a\u2028b\u2029c'],
    ['a slash, quotes and backslashes', '/ \\/ "x" \\u0041 \\'],
    ['a PEM with its last newline', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'],
    ['space at both ends', ' \t a \r\n '],
    ['words and numbers that YAML has a type for', 'null'],
    ['a merge key', '<<'],
    ['a comment, an anchor, a document end', '# & * ! ... ---'],
    ['nothing', ''],
  ])('keeps %s', (_what, text) => {
    expect(
      read(
        yamlMap([
          ['key', text],
          ['<<', 'x'],
          ['null', 'y'],
          ['0x1f', '12e3'],
        ]),
      ),
    ).toEqual({
      key: text,
      '<<': 'x',
      null: 'y',
      '0x1f': '12e3',
    });
  });

  it('replaces what has no encoding', () => {
    expect(read(yamlMap([['key', 'a\ud800b']]))).toEqual({ key: 'a\ufffdb' });
  });

  it('keeps an empty map', () => {
    expect(read(yamlMap([]))).toEqual({});
  });
});

describe('yamlMap', () => {
  it('writes printable ASCII only, no surrogate pair and no escaped slash', () => {
    const random = createRandom(36);
    for (let round = 0; round < 100; round += 1) {
      const text = yamlMap([['key', `${randomText(random, 80)}/😀`]]);
      expect(text).toMatch(/^[\x20-\x7e]*\n$/);
      expect(text.replaceAll('\\\\', '')).not.toMatch(/\\u[dD][89a-fA-F]|\\\//);
    }
  });
});
