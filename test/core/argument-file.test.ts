import { describe, expect, it } from 'vitest';
import * as file from '../../src/core/argument-file.ts';
import type { FlagProgram } from '../../src/core/service-flags.ts';

const API: FlagProgram = 'kube-apiserver';
const parseArguments = (text: string) => file.parseArguments(API, text);
const editArguments = (text: string, changes: Record<string, string | null>) => file.editArguments(API, text, changes);

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
    ['--a', { '--a': 'true' }],
    ['--a="x=y"', { '--a': 'x=y' }],
    ['  --a=b  ', { '--a': 'b' }],
    ['-v=2', { '--v': '2' }],
    ['-v 2', { '--v': '2' }],
    ['-v2', { '--v': '2' }],
    ['# --a=b', {}],
    ['', {}],
    ['--a="1"\n--a="2"', { '--a': '2' }],
    ['--bind-address 0.0.0.0 --profiling', { '--bind-address': '0.0.0.0', '--profiling': 'true' }],
    ['"--bind-address=::1" \'--a=b\' # --c=d', { '--bind-address': '::1', '--a': 'b' }],
    ['--audit-log-path -', { '--audit-log-path': '-' }],
    ['--client-ca-file=', { '--client-ca-file': '' }],
    ['--anonymous_auth=true', { '--anonymous-auth': 'true' }],
    ['--anonymous-auth=false\n--anonymous_auth', { '--anonymous-auth': 'true' }],
    ['--profiling --unknown --v 2', { '--profiling': 'true', '--unknown': 'true', '--v': '2' }],
    ['--profiling false', { '--profiling': 'true' }],
    [
      '--authorization-mode=AlwaysAllow --authorization_mode="Node,RBAC"',
      { '--authorization-mode': 'AlwaysAllow,Node,RBAC' },
    ],
    ['--enable-admission-plugins= --enable-admission-plugins=A', { '--enable-admission-plugins': 'A' }],
    ['--feature-gates=A=true,B=true\n--feature-gates=A=false', { '--feature-gates': 'A=false,B=true' }],
    ['--service-account-key-file=/a,b --service-account-key-file=/c', { '--service-account-key-file': '/a,b\n/c' }],
    ['--v=1 -- --v=2', { '--v': '1' }],
    ['--a="1\n--b=2', { '--b': '2' }],
    ['--a=1;reboot\n--b=2', { '--b': '2' }],
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
    expect(edited).toBe(odd.replace('   --spaced', '--new="1"\n   --spaced'));
    expect(editArguments(edited, { '--new': null })).toBe(odd);
  });

  it('does not confuse a flag with a longer one', () => {
    expect(editArguments('--v="1"\n--v-more="2"\n', { '--v': null })).toBe('--v-more="2"\n');
  });

  it('makes a file of nothing', () => {
    expect(editArguments('', { '--v': '1' })).toBe('--v="1"\n');
  });
});

describe('an edit of what a hand has written', () => {
  it.each([
    ['--profiling true\n--v=2\n', '--profiling="false" true\n--v=2\n'],
    ['--bind-address 0.0.0.0\n--profiling=true\n', '--profiling="false"\n'],
  ])('takes with the flag of %j the value that is its own', (text, expected) => {
    expect(editArguments(text, { '--profiling': 'false', '--bind-address': null })).toBe(expected);
  });

  it.each([
    ['--profiling', '--profiling="x"\n'],
    ['"--profiling=true"  # by hand', '--profiling="x"  # by hand\n'],
    ['--v=2 --profiling=true --w=3', '--v=2 --profiling="x" --w=3\n'],
    ['--Profiling=1', '--Profiling=1\n--profiling="x"\n'],
    ['# a\n\n--pro\\\nfiling=true\n# b\n', '# a\n\n--profiling="x"\n# b\n'],
    ['--profiling=true\n--profiling=false\n--v=2\n', '--profiling="x"\n--v=2\n'],
    ['--v=1 --profiling --profiling=false --w=1', '--v=1 --profiling="x" --w=1\n'],
    ['--profiling="true\n--v=2', '--profiling="x"\n--v=2\n'],
    ['--profiling=true;\n', '--profiling="x"\n'],
  ])('sets the flag of %j where it stands', (text, expected) => {
    expect(editArguments(text, { '--profiling': 'x' })).toBe(expected);
  });

  it.each([
    ['--authorization_mode AlwaysAllow\n--authorization-mode="Node"\n--v=2\n', '--v=2\n'],
    ['--v=1 --authorization-mode=Node --w=2\n', '--v=1 --w=2\n'],
    ['--v=1 --authorization-mode\n  Node\n', '--v=1\n'],
    ['--authorization-mode=Node # mine\n# others\n', '# others\n'],
  ])('removes all of the flag from %j', (text, expected) => {
    expect(editArguments(text, { '--authorization-mode': null })).toBe(expected);
  });

  it('is not joined to a line that a backslash ends', () => {
    expect(editArguments('--v=1\\', { '--w': '2' })).toBe('--v=1\n--w="2"\n');
  });

  it('never cuts a word in two', () => {
    const text = '--a="1\n--m=2\n3"\n--z="9"\n';
    expect(editArguments(text, { '--m': 'x' })).toBe(`--a="1\n--m=2\n3"\n--m="x"\n--z="9"\n`);
  });

  it('gives each value of an array a line of its own', () => {
    const text = '--service-account-key-file=/a --service-account-key-file=/b\n';
    const value = parseArguments(text)['--service-account-key-file'] ?? '';
    const edited = editArguments(text, { '--service-account-key-file': value });
    expect(edited).toBe('--service-account-key-file="/a"\n--service-account-key-file="/b"\n');
    expect(parseArguments(edited)).toEqual(parseArguments(text));
  });

  it('sets what is read back, whatever was there, and leaves all other flags alone', () => {
    const pieces = [
      '--profiling',
      '=true',
      ' ',
      '\n',
      '"',
      "'",
      '--v=2',
      '--v',
      ' 3',
      '#',
      '--anonymous_auth',
      ';',
      '\\',
      '--x=y',
    ];
    let seed = 11;
    const next = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    for (let round = 0; round < 3000; round += 1) {
      const text = Array.from({ length: 1 + next(12) }, () => pieces[next(pieces.length)] ?? '').join('');
      if (/\\\n*$/.test(text)) continue;
      if (file.argumentProblems(API, text).some((problem) => problem.includes('bash cannot'))) continue;
      const edited = editArguments(text, { '--anonymous-auth': 'false', '--v': null });
      const { '--v': _, ...others } = parseArguments(text);
      expect([text, parseArguments(edited)]).toEqual([text, { ...others, '--anonymous-auth': 'false' }]);
      expect(file.repeatedFlags(API, edited)).not.toContain('--anonymous-auth');
      expect(editArguments(edited, { '--anonymous-auth': 'false', '--v': null })).toBe(edited);
    }
  });
});

describe('etcd, which has flags of another kind', () => {
  it('takes one dash for two and no underscore for a dash, and replaces what is given again', () => {
    const text = '-data-dir=/a\n--auto_tls=true\n--listen-client-urls=https://a\n--listen-client-urls=https://b\n';
    expect(file.parseArguments('etcd', text)).toEqual({
      '--data-dir': '/a',
      '--auto_tls': 'true',
      '--listen-client-urls': 'https://b',
    });
    expect(file.editArguments('etcd', text, { '--data-dir': '/b' })).toBe(
      text.replace('-data-dir=/a', '--data-dir="/b"'),
    );
  });
});

describe('what is wrong with a file', () => {
  it.each([
    ['--a="1"\n# b\n', []],
    ['--v=1\n--v="1"\n', ['has --v more than once']],
    ['--profiling false', ['has "false", which belongs to no flag']],
    ['--v="$HOME"', ['has "--v=\\"$HOME\\"", which bash expands']],
    ['--v=1;reboot', ['has "--v=1;reboot", which bash cannot read']],
  ])('%j', (text, problems) => {
    expect(file.argumentProblems(API, text)).toEqual(problems);
  });

  it('is the same whatever way the same is written', () => {
    expect(file.sameArguments(API, '--a="1"\n--b=2', "# x\n'--b=2' --a 1")).toBe(true);
    expect(file.sameArguments(API, '--a="1"\n', '--a="2"\n')).toBe(false);
    expect(file.sameArguments(API, '--a="1"\n', '--a="1"\n--b=1\n')).toBe(false);
  });
});
