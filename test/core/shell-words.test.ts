/** Guards that argument files are read as bash reads them: the same texts are given to bash, in the way of the snap's start scripts. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readShellWords } from '../../src/core/shell-words.ts';

const folder = mkdtempSync(join(tmpdir(), 'sw-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @returns undefined where bash gives up. */
function bashWords(text: string): readonly string[] | undefined {
  const script = `declare -a args="($1)" || exit 9; printf '%s\\0' "\${args[@]}"`;
  try {
    const stdout = execFileSync('bash', ['-c', script, 'bash', text], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    // Without any word, printf prints one empty one.
    return stdout.toString().split('\0').slice(0, -1);
  } catch {
    return undefined;
  }
}

const PIECES = [
  'a',
  '--f=',
  ' ',
  '\n',
  '"',
  "'",
  '\\',
  '#',
  '=',
  '\t',
  ',',
  '$',
  '`',
  ';',
  '{',
  '}',
  'ü',
  '-',
  '\\\n',
  '~',
  '*',
];

/** Always the same texts. */
function texts(count: number): readonly string[] {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 3 + next(10) }, () => PIECES[next(PIECES.length)] ?? '').join(''),
  );
}

const WRITTEN = [
  '--a="x" # note',
  "--b='y'  ",
  '--c x y',
  '--d="a\\"b" --e=a\\\nb',
  '"--m=quoted word" \'--n=x\'',
  '--i="q"\'r\'s',
  '--j=a#b # c',
  '--k= --l=""',
  '--x="line\nbreak"\n--y=1',
  '# --z=1\n\n\t--a\r\n--b',
  '--a="\\$HOME \\`x\\` \\\\ \\n"',
];

describe('the words of a text', () => {
  it.each(WRITTEN)('are those of bash: %j', (text) => {
    const words = readShellWords(text);
    expect(words.every(({ broken, literal }) => literal && !broken)).toBe(true);
    expect(words.map((word) => word.text)).toEqual(bashWords(text));
  });

  it('are those of bash for any text that it neither expands nor refuses, and never said to be when it does', () => {
    let compared = 0;
    for (const text of texts(600)) {
      const words = readShellWords(text);
      if (words.some(({ broken }) => broken)) {
        // Inside of a command substitution quotes and operators are the command's.
        if (!/[$`]/.test(text)) expect([text, bashWords(text)]).toEqual([text, undefined]);
      } else if (words.every(({ literal }) => literal)) {
        const found = bashWords(text);
        // printf prints an empty word where there is none.
        expect([text, words.length === 0 ? [''] : words.map((word) => word.text)]).toEqual([text, found]);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(100);
  });

  it.each([['--a=$HOME'], ['--a="$(id)"'], ['--a=`id`'], ['--a={1,2}'], ["--a=$'x'"]])(
    'are not those that %s stands for',
    (text) => {
      expect(readShellWords(text)).toMatchObject([{ literal: false, broken: false }]);
    },
  );

  it.each([['--a=1;--b=2'], ['--a="x'], ["--a='x"], ['--a=b&'], ['--a=(x)'], ['--a=<x']])(
    'end at %j, and begin again on the next line',
    (line) => {
      const words = readShellWords(`${line}\n--c=1\n`);
      expect(words).toMatchObject([
        { text: line, broken: true },
        { text: '--c=1', broken: false },
      ]);
    },
  );
});
