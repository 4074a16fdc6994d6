/** Guards that no cluster is made with a CA that ends soon, since none can be replaced; and that a successor counts. */

import { beforeAll, describe, expect, it } from 'vitest';
import { briefAuthority, expiredAuthority } from '../../../../src/capabilities/certificates/given/brevity.ts';
import { providedToGive } from '../../../../src/capabilities/certificates/given/provided.ts';
import { issueAuthority, issueLeaf, type Pair, publicKeyOf } from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import { parseCertificates } from '../../../standins/machines/pki/parse.ts';

const DAY = 86_400;
const YEAR = 365 * DAY;
const NOW = new Date('2026-12-01T00:00:00Z');
const span = (days: number) => ({ notBefore: NOW, notAfter: new Date(NOW.getTime() + days * DAY * 1000) });

let brief: Pair;
let long: Pair;
/** Signed by the brief one, for ten years. */
let leaf: string;

beforeAll(async () => {
  const keys = openKeyPool(160);
  const key = await keys.draw();
  [brief, long] = [
    await issueAuthority('brief', await keys.draw(), span(365)),
    await issueAuthority('long', await keys.draw(), span(7300)),
  ];
  leaf = await issueLeaf({
    subject: { commonName: 'kube-apiserver' },
    publicKey: publicKeyOf(key),
    issuer: brief,
    sans: ['kubernetes'],
    validity: span(3650),
  });
});

describe('a CA', () => {
  it.each<[string, () => Record<string, string>, number, readonly [string, string, number] | undefined]>([
    ['of a year is too brief for five', () => ({ ca: brief.certificate }), 5 * YEAR, ['ca', 'brief', 365]],
    ['of a year lasts for one', () => ({ ca: brief.certificate }), YEAR, undefined],
    ['is never too brief when nothing is wanted', () => ({ ca: brief.certificate }), 0, undefined],
    ['of twenty years lasts', () => ({ ca: long.certificate, 'client-ca': long.certificate }), 5 * YEAR, undefined],
    [
      'that ends first is the one that is named',
      () => ({ ca: long.certificate, 'etcd-ca': brief.certificate }),
      5 * YEAR,
      ['etcd-ca', 'brief', 365],
    ],
    [
      'with a successor lasts as long as that',
      () => ({ ca: brief.certificate + long.certificate }),
      5 * YEAR,
      undefined,
    ],
    ['before its own time is no reason', () => ({ ca: leaf }), 5 * YEAR, undefined],
    ['that is not there is no reason', () => ({ ca: '' }), 5 * YEAR, undefined],
  ])('%s', (_, authorities, minimum, expected) => {
    const found = briefAuthority(authorities(), minimum, NOW);
    expect(found && [found.name, found.commonName, found.days]).toEqual(expected);
  });

  it('has expired when none of the ones that are trusted is left', () => {
    const later = (days: number) => new Date(NOW.getTime() + days * DAY * 1000);
    expect(expiredAuthority(brief.certificate, later(364))).toBeUndefined();
    expect(expiredAuthority(brief.certificate, later(366))).toEqual(later(365));
    expect(expiredAuthority(brief.certificate + long.certificate, later(366))).toBeUndefined();
    expect(expiredAuthority('', later(366))).toBeUndefined();
  });

  it('without its key is given with its successors, which k8sd trusts as well; with its key alone', () => {
    const ask = (content: Record<string, string>) =>
      providedToGive({
        content,
        unit: 'k8s/0',
        nodeName: 'n',
        etcd: true,
        issued: ['apiserver', 'kubelet'],
        sans: {},
        now: new Date(NOW.getTime() + 1000),
      });
    const crt = brief.certificate + long.certificate;
    expect(parseCertificates(ask({ 'ca-crt': crt }).pems?.['ca-crt'] ?? '')).toHaveLength(2);
    const withKey = ask({ 'ca-crt': crt, 'ca-key': brief.key });
    expect(withKey.problems).toEqual([]);
    expect(parseCertificates(withKey.pems?.['ca-crt'] ?? '')).toHaveLength(1);
  });
});
