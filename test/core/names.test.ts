import { describe, expect, it } from 'vitest';
import { hostNameProblem, isNodeName } from '../../src/core/node-name.ts';
import { oneLine, quoted } from '../../src/core/printable.ts';

describe('the name of a node', () => {
  it.each(['a', 'juju-3f2a-4', 'ip-10-0-0-1.ec2.internal', '1', `${'a'.repeat(63)}.${'b'.repeat(189)}`])(
    'can be %j',
    (name) => {
      expect(isNodeName(name)).toBe(true);
    },
  );

  it.each([
    '',
    'A',
    'a_b',
    '-a',
    'a-',
    'a..b',
    '.a',
    'a.',
    'x\ny',
    'x\n',
    'a b',
    '../x',
    'a/b',
    'ä',
    'a'.repeat(254),
    'n'.repeat(1_200_000),
  ])('cannot be %j', (name) => {
    expect(isNodeName(name.slice(0, 300))).toBe(false);
    expect(isNodeName(name)).toBe(false);
  });

  it('of a machine is one that kubelet can register', () => {
    expect(hostNameProblem('a'.repeat(63))).toBeUndefined();
    expect(hostNameProblem('a'.repeat(64))).toBe('has 64 characters; kubelet registers no name longer than 63');
    expect(hostNameProblem('my_host')).toMatch(/^may have only lower-case letters/);
    expect(hostNameProblem('')).toMatch(/^may have only lower-case letters/);
  });
});

describe('one line', () => {
  it.each([
    ['abc', 5, 'abc'],
    ['abcdef', 5, 'abcd…'],
    ['a\nb\u2028c\u202ed\u0000e', 20, 'a b c d e'],
    ['😀😀😀', 3, '😀😀😀'],
    ['😀😀😀😀', 3, '😀😀…'],
    ['\ud800', 5, '\ufffd'],
    ['x'.repeat(10_000_000), 4, 'xxx…'],
  ])('%j in %d characters', (written, longest, expected) => {
    expect(oneLine(written, longest)).toBe(expected);
  });

  it('in quotation marks shows where it ends', () => {
    expect(quoted('a "b"\n')).toBe('"a \\"b\\""');
  });
});
