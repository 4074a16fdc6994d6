/** Guards that no control plane that may join at any moment is left out when the keys of encryption at rest change. */

import { describe, expect, it } from 'vitest';
import { readEncryptionOptions } from '../../../src/capabilities/encryption/options.ts';
import { questionOf } from '../../../src/capabilities/encryption/question.ts';
import { formatSealedOffer } from '../../../src/capabilities/membership/deputy.ts';
import { nodeOf } from '../../../src/capabilities/membership/node.ts';
import { configured, leader, PEERS, relation } from '../membership/facts.ts';

describe('the control planes that have to know a key', () => {
  const { value: options } = readEncryptionOptions(configured('control-plane'));
  const othersWith = (own: Readonly<Record<string, string>>) => {
    const facts = leader({ peers: relation(PEERS, { own: { ...leader().peers.own, ...own } }) });
    return [...(questionOf(nodeOf(facts, [], {}), options)?.others.keys() ?? [])];
  };

  it('include who has a token, in a secret or sealed, and has not joined yet', () => {
    expect(othersWith({})).toEqual([]);
    expect(othersWith({ 'k8s/3-secret-id': 'secret:a' })).toEqual(['k8s/3']);
    const sealed = formatSealedOffer({ for: 'k8s/4', key: 'secret:k', revision: 0, sealed: 'c2VhbGVk' });
    expect(othersWith({ 'token-offer': sealed })).toEqual(['k8s/4']);
    expect(othersWith({ 'token-offer': '{"for":{"toString":null}}' })).toEqual([]);
  });
});
