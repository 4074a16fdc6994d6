/** Guards what an assessment says of Secrets in the datastore: a configuration alone proves nothing about what was written before it. */

import { describe, expect, it } from 'vitest';
import type { Control } from '../../../src/capabilities/hardening/control.ts';
import type { Assessment, Finding } from '../../../src/capabilities/hardening/finding.ts';
import { withStoredSecrets } from '../../../src/capabilities/hardening/prove-encryption.ts';
import type { StoredSecrets } from '../../../src/clients/etcd/stored-secrets.ts';

const content = { type: 'content', service: 'kube-apiserver', flag: '--encryption-provider-config' } as const;
const asking: Control['check'] = { type: 'all', of: [{ ...content, rule: 'encrypts-secrets' }] };
const other: Control['check'] = { type: 'manual', hint: '' };

type Counted = Pick<StoredSecrets, 'under' | 'total'> | string;

function assessed(state: Finding['state'], check = asking, counted: Counted = '') {
  const stored = typeof counted === 'string' ? counted : { ...counted, names: {}, until: undefined };
  const finding = { control: { check }, state, reason: 'as configured', evidence: [], remedy: '' };
  const assessment = { findings: [finding] } as unknown as Assessment;
  const [after] = withStoredSecrets(assessment, stored).findings;
  return { state: after?.state, found: after?.evidence.map((one) => one.found), reason: after?.reason };
}

describe('Secrets in the datastore', () => {
  it.each<[string, Finding['state'], Counted, Finding['state'], string]>([
    ['all encrypted', 'pass', { under: { 'aesgcm:2': 12 }, total: 12 }, 'pass', '12 under aesgcm:2'],
    [
      'some unencrypted',
      'pass',
      { under: { 'aesgcm:2': 12, identity: 1 }, total: 13 },
      'fail',
      '12 under aesgcm:2, 1 unencrypted',
    ],
    [
      'more than are looked at',
      'pass',
      { under: { 'aescbc:1': 200 }, total: 950 },
      'pass',
      '200 under aescbc:1; 200 of 950 looked at',
    ],
    ['none', 'pass', { under: {}, total: 0 }, 'pass', 'there are none'],
    ['where the configuration fails anyway', 'fail', { under: { identity: 3 }, total: 3 }, 'fail', '3 unencrypted'],
    [
      'which nobody could look at',
      'pass',
      'the datastore does not answer',
      'pass',
      'not looked at: the datastore does not answer',
    ],
  ])('are evidence: %s', (_, before, stored, after, found) => {
    expect(assessed(before, asking, stored)).toMatchObject({ state: after, found: [found] });
  });

  it('are no matter of other controls', () => {
    expect(assessed('pass', other, { under: { identity: 3 }, total: 3 })).toMatchObject({ state: 'pass', found: [] });
  });
});
