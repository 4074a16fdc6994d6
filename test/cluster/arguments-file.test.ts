import { describe, expect, it } from 'vitest';
import { editArguments, parseArguments } from '../../src/cluster/arguments-file.ts';

const K8SD = `--anonymous-auth="false"
--authorization-mode="Node,RBAC"
--node-labels=""
--profiling="false"
`;

describe('parseArguments', () => {
  it.each([
    ['--a="b c"', { '--a': 'b c' }],
    ["--a='b'", { '--a': 'b' }],
    ['--a=b', { '--a': 'b' }],
    ['--a', { '--a': '' }],
    ['--a="x=y"', { '--a': 'x=y' }],
    ['  --a=b  ', { '--a': 'b' }],
    ['-v=2', { '-v': '2' }],
    ['# --a=b', {}],
    ['', {}],
    ['--a="1"\n--a="2"', { '--a': '2' }],
  ])('reads %j', (text, expected) => {
    expect(parseArguments(text)).toEqual(expected);
  });
});

describe('editArguments', () => {
  it('changes the line of a flag where it stands', () => {
    expect(editArguments(K8SD, { '--profiling': 'true' })).toBe(K8SD.replace('profiling="false"', 'profiling="true"'));
  });

  it('adds new flags where k8sd, which sorts its files, would have them', () => {
    const sorted = '--anonymous-auth="false"\n--profiling="false"\n--tls-cert-file="/x"\n';
    const more = editArguments(sorted, { '--z': '1', '--profile': '3', '--b': '2' });
    expect(more.trimEnd().split('\n')).toEqual(more.trimEnd().split('\n').toSorted());
    expect(editArguments(more, { '--z': null, '--profile': null, '--b': null })).toBe(sorted);
  });

  it('puts back what it has taken out where it stood', () => {
    const sorted = '--a-b="2"\n--a="1"\n--ab="3"\n--b="4"\n';
    for (const flag of ['--a', '--a-b', '--ab', '--b']) {
      const value = parseArguments(sorted)[flag] ?? '';
      expect(editArguments(editArguments(sorted, { [flag]: null }), { [flag]: value })).toBe(sorted);
    }
  });

  it('takes a flag out with its line, and asks for nothing where there was none', () => {
    expect(editArguments(K8SD, { '--node-labels': null, '--absent': null })).toBe(
      K8SD.replace('--node-labels=""\n', ''),
    );
  });

  it('leaves one line of a flag that stands there twice: k8sd would restart the service for ever', () => {
    expect(editArguments('--v="1"\n--a="x"\n--v="2"\n', { '--v': '3' })).toBe('--v="3"\n--a="x"\n');
  });

  it('keeps every other line byte for byte', () => {
    const odd = `# by hand\n\n   --spaced = x\n\t--tab="1"\nnot a flag\n--quoted='single'\n--bare=value # note\n--ünï="ö"\n`;
    const edited = editArguments(odd, { '--new': '1' });
    expect(edited).toBe(odd.replace('\t--tab', '--new="1"\n\t--tab'));
    expect(editArguments(edited, { '--new': null })).toBe(odd);
  });

  it('does not confuse a flag with a longer one', () => {
    expect(editArguments('--v="1"\n--v-more="2"\n', { '--v': null })).toBe('--v-more="2"\n');
  });

  it('makes a file of nothing', () => {
    expect(editArguments('', { '--v': '1' })).toBe('--v="1"\n');
  });
});
