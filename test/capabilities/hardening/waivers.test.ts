/** Guards that a waiver which cannot be used is told with its line, and what the others mean. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readCatalogues } from '../../../scripts/catalogues/read.ts';
import { namesIn } from '../../../src/capabilities/hardening/catalogue.ts';
import { readHardeningOptions } from '../../../src/capabilities/hardening/options.ts';
import { readWaivers } from '../../../src/capabilities/hardening/waivers.ts';
import { memoryState } from './state.ts';

const catalogues = await readCatalogues();
const everything = [...namesIn(catalogues.cis), ...namesIn(catalogues.stig)];
const names = async () => everything;

describe('the option hardening-waivers', () => {
  it('is a list in YAML', async () => {
    const text = `
- control: CIS-1.2.11
  reason: |
    Images are loaded by hand.
- {control: 2.1, reason: etcd is elsewhere, until: 2027-06-30}
`;
    expect(await readWaivers(text, everything)).toEqual({
      value: [
        { control: 'CIS-1.2.11', id: 'admission-always-pull-images', reason: 'Images are loaded by hand.' },
        { control: '2.1', id: 'etcd-serving-certificate', reason: 'etcd is elsewhere', until: '2027-06-30' },
      ],
    });
  });

  it.each([
    ['admission-service-account', 'admission-service-account'],
    ['CIS-1.2.30-v1.12', 'kube-apiserver-extended-token-expiration'],
    ['cis-1.12/1.2.30', 'kube-apiserver-extended-token-expiration'],
    ['cis-1.24/1.2.30', 'encryption-at-rest-provider'],
    ['CIS 1.12 1.2.12', 'admission-service-account'],
    ['cis-1.1.1', 'kube-apiserver-arguments-mode'],
    ['stig/V-242376', 'V-242376'],
    ['CIS-9.9', undefined],
  ])('%s means %s', async (control, id) => {
    expect(await readWaivers(`[{control: '${control}', reason: x}]`, everything)).toEqual({
      value: [{ control, reason: 'x', ...(id === undefined ? {} : { id }) }],
    });
  });

  it('means the same in the next dispatch, which reads what this one has kept', async () => {
    const raw = {
      'hardening-waivers':
        '[{control: CIS-1.2.11, reason: x, until: 2027-06-30}, {control: V-242415, reason: y, allow: [Pod a/*]}]',
      'event-rate-limits':
        '[{type: Namespace, qps: 50, burst: 100, cacheSize: 2000}, {type: Server, qps: 1, burst: 2}]',
    };
    const state = memoryState();
    const first = await readHardeningOptions(raw, 'control-plane', state, names);
    expect(first.value.waivers.map(({ id }) => id)).toEqual(['admission-always-pull-images', 'V-242415']);
    const second = await readHardeningOptions(raw, 'control-plane', state, async () =>
      expect.fail('nothing has changed, and catalogues are read'),
    );
    expect(second).toEqual(first);
  });

  it('reads a text anew that an earlier revision of the charm has kept without ids', async () => {
    const raw = { 'hardening-waivers': '[{control: CIS-1.2.11, reason: x}]' };
    const digest = createHash('sha256').update(raw['hardening-waivers']).digest('base64');
    const kept = { 'hardening/read/hardening-waivers': `${digest} [{"control":"CIS-1.2.11","reason":"x"}]` };
    const { value } = await readHardeningOptions(raw, 'worker', memoryState(kept), names);
    expect(value.waivers).toMatchObject([{ id: 'admission-always-pull-images' }]);
  });

  it('is one of the options, for nodes of both kinds', async () => {
    for (const role of ['control-plane', 'worker'] as const) {
      const raw = { 'hardening-waivers': '[{control: V-242434, reason: a container}]' };
      const { value } = await readHardeningOptions(raw, role, memoryState(), names);
      expect(value.waivers).toEqual([{ control: 'V-242434', id: 'V-242434', reason: 'a container' }]);
    }
  });

  it.each([
    ['control: x', 'line 1: must be a list of waivers, each with control and reason'],
    ['- control: admission-always-pull-images', 'line 1: [0] must have "reason"'],
    [
      '- {control: admission-always-pull-images, reason: " "}',
      'line 1: [0].reason must be a sentence of up to 1000 characters: why it is accepted',
    ],
    [
      '- {control: kube-apiserver-anonymous-auth, reason: x}\n- {control: admission-always-pull-images, reason: x, until: next year}',
      'line 2: [1].until must be a day such as 2026-12-31, the last on which the waiver holds',
    ],
    [
      '- {control: admission-always-pull-images, reason: x}\n- {control: cis-1.2.11, reason: y}',
      'waives cis-1.2.11 more than once',
    ],
    [
      '- {control: CIS-1.2.18, reason: x}',
      'waives CIS-1.2.18, which can be kube-apiserver-audit-log-path (CIS 1.24: 1.2.18) or kube-apiserver-audit-log-maxbackup (CIS 1.12: 1.2.18); name the one that you mean by its id',
    ],
    [
      '- {control: 1.2.30, reason: x}',
      'waives 1.2.30, which can be encryption-at-rest-provider (CIS 1.24: 1.2.30) or kube-apiserver-extended-token-expiration (CIS 1.12: 1.2.30); name the one that you mean by its id',
    ],
    ['- {control: admission-always-pull-images, reason: x, untill: 2027-01-01}', 'line 1: [0] must not have "untill"'],
  ])('%j is refused', async (text, problem) => {
    const { value, problems } = await readHardeningOptions(
      { 'hardening-waivers': text },
      'worker',
      memoryState(),
      names,
    );
    expect(value.waivers).toEqual([]);
    expect(problems).toEqual([{ option: 'hardening-waivers', message: problem }]);
  });
});
