import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { parseExtraArguments } from '../../../src/capabilities/membership/extra-arguments.ts';
import { editArguments } from '../../../src/core/argument-file.ts';

const OPTION = 'kubelet-extra-args';
const parse = (text: string) => parseExtraArguments(OPTION, text);

describe('parseExtraArguments', () => {
  it.each([
    ['', {}],
    ['v=4', { '--v': '4' }],
    ['--v=4', { '--v': '4' }],
    ['-v=4', { '--v': '4' }],
    ['  v=4\n feature-gates=A=true,B=false ', { '--v': '4', '--feature-gates': 'A=true,B=false' }],
    ['enable-x', { '--enable-x': 'true' }],
    ['node-labels=', { '--node-labels': '' }],
    ['anonymous-auth- --profiling-', { '--anonymous-auth': null, '--profiling': null }],
    ['constructor=1 to-string', { '--constructor': '1', '--to-string': 'true' }],
  ])('reads %j', (text, value) => {
    expect(parse(text)).toEqual({ value, problems: [] });
  });

  it.each([
    ['a_b=1', 'has "a_b", which is not a flag name; write flag=value with letters, digits and dashes'],
    ['=1', 'has "", which is not a flag name; write flag=value with letters, digits and dashes'],
    ['v;reboot=1', 'has "v;reboot", which is not a flag name; write flag=value with letters, digits and dashes'],
    ['v$(id)=1', 'has "v$(id)", which is not a flag name; write flag=value with letters, digits and dashes'],
    [
      `${'x'.repeat(60)}_=1`,
      `has "${'x'.repeat(40)}", which is not a flag name; write flag=value with letters, digits and dashes`,
    ],
    ['v-=4', 'has "v-", which is not a flag name; write flag=value with letters, digits and dashes'],
    [
      'v=4 v-',
      'has --v twice; the snap can give a flag once only; where it takes a list, separate the values by commas',
    ],
    ['cluster-name-', 'must not have --cluster-name, which is set by the charm'],
    [
      'v=4 --v=5',
      'has --v twice; the snap can give a flag once only; where it takes a list, separate the values by commas',
    ],
    ['cluster-name=mine', 'must not have --cluster-name, which is set by the charm'],
    ['v=\u0007', 'gives --v a value with a control character; take it out'],
    ['v=\u007f', 'gives --v a value with a control character; take it out'],
  ])('refuses %j and says what is wrong', (text, message) => {
    expect(parse(text).problems).toEqual([{ option: OPTION, message }]);
  });

  it.each(['"', '`', '$', '\\'])('refuses %s in a value: the start script would interpret it as root', (character) => {
    const { value, problems } = parse(`v=a${character}b`);
    expect(value).toEqual({});
    expect(problems).toEqual([
      {
        option: OPTION,
        message:
          'gives --v a value with one of " ` $ \\, which the service\'s start script would interpret; take it out',
      },
    ]);
  });

  it('takes only what bash reads back as it was written, of all printable characters', () => {
    for (let code = 0x21; code < 0x7f; code += 1) {
      const character = String.fromCharCode(code);
      const { value } = parse(`v=a${character}b`);
      if (typeof value['--v'] !== 'string') continue;
      const file = editArguments('kubelet', '', value);
      // How the snap's wrapper reads its argument files.
      const script = `declare -a args="($1)"; printf '%s' "\${args[@]}"`;
      expect(execFileSync('bash', ['-c', script, 'bash', file], { encoding: 'utf8' })).toBe(`--v=a${character}b`);
    }
  });
});
