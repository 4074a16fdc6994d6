/** Guards that a waiver which cannot be used is told with its line, and what the others mean. */
import { describe, expect, it } from 'vitest';
import { readHardeningOptions } from '../../src/hardening/options.ts';
import { readWaivers } from '../../src/hardening/waivers.ts';
import { memoryState } from './state.ts';

describe('the option hardening-waivers', () => {
  it('is a list in YAML', async () => {
    const text = `
- control: CIS-1.2.11
  reason: |
    Images are loaded by hand.
- {control: 2.1, reason: etcd is elsewhere, until: 2027-06-30}
`;
    expect(await readWaivers(text)).toEqual({
      value: [
        { control: 'CIS-1.2.11', reason: 'Images are loaded by hand.' },
        { control: '2.1', reason: 'etcd is elsewhere', until: '2027-06-30' },
      ],
    });
  });

  it('is one of the options, for nodes of both kinds', async () => {
    for (const role of ['control-plane', 'worker'] as const) {
      const raw = { 'hardening-waivers': '[{control: V-242434, reason: a container}]' };
      const { value } = await readHardeningOptions(raw, role, memoryState());
      expect(value.waivers).toEqual([{ control: 'V-242434', reason: 'a container' }]);
    }
  });

  it.each([
    ['control: x', 'line 1: must be a list of waivers, each with control and reason'],
    ['- control: CIS-1.2.11', 'line 1: [0] must have "reason"'],
    [
      '- {control: CIS-1.2.11, reason: " "}',
      'line 1: [0].reason must be a sentence of up to 1000 characters: why it is accepted',
    ],
    [
      '- {control: CIS-1.2.1, reason: x}\n- {control: CIS-1.2.11, reason: x, until: next year}',
      'line 2: [1].until must be a day such as 2026-12-31, the last on which the waiver holds',
    ],
    ['- {control: CIS-1.2.11, reason: x}\n- {control: cis-1.2.11, reason: y}', 'waives cis-1.2.11 more than once'],
    ['- {control: CIS-1.2.11, reason: x, untill: 2027-01-01}', 'line 1: [0] must not have "untill"'],
  ])('%j is refused', async (text, problem) => {
    const { value, problems } = await readHardeningOptions({ 'hardening-waivers': text }, 'worker', memoryState());
    expect(value.waivers).toEqual([]);
    expect(problems).toEqual([{ option: 'hardening-waivers', message: problem }]);
  });
});
