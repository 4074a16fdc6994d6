/** Guards that PEM is read as Go reads it: what the charms take for a certificate, k8sd and the services find, too. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodePem, pemBlocks, readPem } from '../../src/core/pem.ts';
import { decodeAll } from '../standins/machines/pki/go-pem.ts';

interface Row {
  readonly text: string;
  readonly blocks: readonly { label: string; headers: Readonly<Record<string, string>>; bytes: string }[];
}

/** Filled by the real `encoding/pem`: see `pem-as-go/main.go`. */
const TABLE = JSON.parse(readFileSync(new URL('pem-as-go/table.json', import.meta.url), 'utf8')) as readonly Row[];

const plain = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe('what Go finds in a text', () => {
  it('is in a table that is worth its while', () => {
    expect(TABLE.length).toBeGreaterThan(700);
    expect(TABLE.filter(({ blocks }) => blocks.length > 0).length).toBeGreaterThan(150);
  });

  it('is what the charms find', () => {
    for (const { text, blocks } of TABLE)
      expect({ text, blocks: pemBlocks(text).map((block) => ({ ...block, bytes: plain(block.bytes) })) }).toEqual({
        text,
        blocks,
      });
  });

  it('is what the stand-in of k8sd finds', () => {
    for (const { text, blocks } of TABLE)
      expect({
        text,
        blocks: decodeAll(text).map(({ type, headers, bytes }) => ({ label: type, headers, bytes: plain(bytes) })),
      }).toEqual({ text, blocks });
  });
});

describe('a text that somebody wrote', () => {
  const ONE = encodePem(
    'CERTIFICATE',
    Buffer.from('a certificate of a hundred bytes or so, which takes more than one line in base64'),
  );
  const TWO = encodePem('CERTIFICATE', Buffer.from('another'));
  const KEY = encodePem('RSA PRIVATE KEY', Buffer.from('key'));
  const again = (text: string): string =>
    readPem(text)
      .blocks.map(({ label, bytes }) => encodePem(label, bytes))
      .join('');

  it.each([
    ['is as it should be', ONE + TWO],
    ['begins with a byte order mark, as each file of which it was made', `\uFEFF${ONE}\uFEFF${TWO}`],
    ['has line ends of Windows', (ONE + TWO).replaceAll('\n', '\r\n')],
    ['has line ends of an old Mac', (ONE + TWO).replaceAll('\n', '\r')],
    ['is indented', (ONE + TWO).replaceAll(/^/gm, '    ')],
    ['has blanks at the ends of its lines', (ONE + TWO).replaceAll('\n', ' \t\n')],
    ['has no line break between its blocks, nor at its end', ONE.trim() + TWO.trim()],
    ['has text before each block', `ca: ${ONE}issuer=CN = x\nBag Attributes\n    localKeyID: 01\n${TWO}end`],
  ])('that %s is brought into the form that Go reads', (_, text) => {
    expect(readPem(text).problem).toBeUndefined();
    expect(again(text)).toBe(ONE + TWO);
    expect(pemBlocks(again(text))).toHaveLength(2);
  });

  it('keeps what is in it, in order', () => {
    expect(again(KEY + ONE)).toBe(KEY + ONE);
    expect(again('nothing')).toBe('');
    expect(readPem('nothing')).toEqual({ blocks: [] });
  });

  it.each([
    ['is cut off', ONE.slice(0, -30), 'cut off or damaged'],
    ['has lost a line end', `${ONE.slice(0, 60)}${TWO}`, 'cut off or damaged'],
    ['is one line', (ONE + TWO).replaceAll('\n', ' '), 'line breaks replaced by blanks'],
    ['has its line breaks written out', ONE.replaceAll('\n', '\\n'), 'a backslash and an n'],
    ['has a character in it that is no base64', ONE.replace('YSBj', 'YS*j'), 'cut off or damaged'],
    ['is larger than any', 'x'.repeat(1024 * 1024 + 1), 'larger than a megabyte'],
    ['has more blocks than any', TWO.repeat(101), 'more than 100 blocks'],
  ])('that %s is refused with the reason', (_, text, reason) => {
    expect(readPem(text).problem).toContain(reason);
  });
});
