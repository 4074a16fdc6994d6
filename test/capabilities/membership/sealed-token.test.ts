/** Guards what a deputy's databag shows of a token: nothing, to anybody but the leader that asked, for that one try. */

import { describe, expect, it } from 'vitest';
import {
  deputyToken,
  formatDeputyRequest,
  formatSealedOffer,
  parseSealedOffer,
} from '../../../src/capabilities/membership/deputy.ts';
import { newSealingKey, seal, sealingKey, unseal } from '../../../src/capabilities/membership/sealed-token.ts';
import { PEERS, relation } from './facts.ts';

const TOKEN = 'eyJ0b2tlbiI6InQifQ==';
const purpose = { by: 'k8s/1', for: 'k8s/0', revision: 0 };

function key(): Buffer {
  const made = sealingKey(newSealingKey());
  if (made === undefined) throw new Error('no key');
  return made;
}

describe('a sealed token', () => {
  it('opens with its key for its purpose, and is another text each time', () => {
    const one = key();
    const sealed = seal(one, TOKEN, purpose);
    expect(unseal(one, sealed, purpose)).toBe(TOKEN);
    expect(seal(one, TOKEN, purpose)).not.toBe(sealed);
    expect(Buffer.from(sealed, 'base64').includes(TOKEN)).toBe(false);
  });

  it.each([
    ['with another key', key(), purpose],
    ['from another unit', undefined, { ...purpose, by: 'k8s/2' }],
    ['for another unit', undefined, { ...purpose, for: 'k8s/3' }],
    ['of another try', undefined, { ...purpose, revision: 1 }],
  ])('does not open %s', (_, other, meant) => {
    const one = key();
    expect(unseal(other ?? one, seal(one, TOKEN, purpose), meant)).toBeUndefined();
  });

  it.each(['', 'A', '!', 'AAAA'.repeat(7), 'AAAA'.repeat(100)])('that is %j does not open', (text) => {
    expect(unseal(key(), text, purpose)).toBeUndefined();
  });

  it('needs a secret that holds a key', () => {
    expect(sealingKey(undefined)).toBeUndefined();
    expect(sealingKey({ 'sealing-key': 'c2hvcnQ=' })).toBeUndefined();
    expect(sealingKey({ token: 't' })).toBeUndefined();
  });
});

describe('the leader', () => {
  const one = key();
  const shared = { deputy: formatDeputyRequest({ unit: 'k8s/1', for: 'k8s/0', key: 'secret:k' }) };
  const offer = { for: 'k8s/0', key: 'secret:k', revision: 0, sealed: seal(one, TOKEN, purpose) };
  const units = (bags: Record<string, string>) =>
    new Map(Object.entries(bags).map(([unit, text]) => [unit, { 'token-offer': text }]));

  it('takes the token of the deputy that it has asked', () => {
    const peers = relation(PEERS, { shared, units: units({ 'k8s/1': formatSealedOffer(offer) }) });
    expect(deputyToken('k8s/0', peers, one)).toEqual({ token: TOKEN, revision: '0' });
  });

  it.each([
    ['of another unit', { 'k8s/2': formatSealedOffer(offer) }],
    ['for another', { 'k8s/1': formatSealedOffer({ ...offer, for: 'k8s/3' }) }],
    ['sealed with a key of before', { 'k8s/1': formatSealedOffer({ ...offer, key: 'secret:old' }) }],
    ['that says another try', { 'k8s/1': formatSealedOffer({ ...offer, revision: 1 }) }],
  ])('takes none %s', (_, bags) => {
    expect(deputyToken('k8s/0', relation(PEERS, { shared, units: units(bags) }), one)).toBeUndefined();
  });

  it.each([
    '',
    '{',
    '[]',
    '{"for":{"toString":null},"key":"k","revision":0,"sealed":"s"}',
    '{"for":"a","key":"k","revision":{"valueOf":null},"sealed":"s"}',
  ])('makes nothing of the offer %s', (text) => {
    expect(parseSealedOffer(text)).toBeUndefined();
  });
});
