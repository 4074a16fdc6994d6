/** Guards that another CA of the provider is seen with its first certificate, of whichever unit, and that nothing else is taken for one. */

import { beforeAll, describe, expect, it } from 'vitest';
import { foreignAuthority } from '../../../../src/capabilities/certificates/relation/foreign-authority.ts';
import type { Juju } from '../../../../src/clients/juju/juju.ts';
import type { Authority } from '../../../standins/juju/ca-charm/authority.ts';
import { authorityCalled } from './provider.ts';

let first: Authority;
let next: Authority;

beforeAll(async () => {
  first = await authorityCalled('ca.example');
  next = await authorityCalled('ca.example');
});

const item = (ca: unknown, more: object = {}) => ({ certificate_signing_request: 'r', certificate: 'c', ca, ...more });

async function seen(certificates: unknown, ids = ['certificates:1']): Promise<string | undefined> {
  const relations = {
    ids: async () => ids,
    application: async () => 'ca',
    applicationBag: async () => ({ certificates: JSON.stringify(certificates) }),
  };
  const found = await foreignAuthority({ relations } as unknown as Juju, 'certificates', first.certificate);
  return found && `${found.application} ${found.commonName}`;
}

describe('another CA of the provider', () => {
  it('is seen beside what the first one has signed', async () => {
    expect(await seen([item(first.certificate), item(next.certificate)])).toBe('ca "ca.example"');
  });

  it.each<[string, () => unknown, string[]?]>([
    ['nothing was issued', () => []],
    ['all comes from the first', () => [item(first.certificate), item(`\n${first.certificate}\n`)]],
    [
      'what comes from the other was revoked',
      () => [item(first.certificate), item(next.certificate, { revoked: true })],
    ],
    ['the provider writes nonsense', () => [item({ toString: null }), item('x'), item(null), 1, 'a']],
    ['a certificate is larger than any', () => [item(`${'x'.repeat(70_000)}\n${next.certificate}`)]],
    ['there is no provider', () => [item(next.certificate)], []],
  ])('is not seen when %s', async (_, certificates, ids) => {
    expect(await seen(certificates(), ids)).toBeUndefined();
  });
});
