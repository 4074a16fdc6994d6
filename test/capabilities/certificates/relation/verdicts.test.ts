/** What the operator is told of providers that do not issue what is wanted: which, why, and what to do. A row for each kind of provider. */

import { beforeAll, describe, expect, it } from 'vitest';
import type { CertificateWish } from '../../../../src/capabilities/certificates/relation/wish.ts';
import type { Authority } from '../../../standins/juju/ca-charm/authority.ts';
import { asked, type Desk, type Dispatched, dispatch, newDesk } from './desk.ts';
import { answerAll, authorityCalled, issue } from './provider.ts';
import { newAuthorityWish, newWish } from './wishes.ts';

const EC = { name: 'ec', curve: 'P-256' } as const;
const API_SERVER = newWish({ key: EC });
const KUBELET = newWish({
  id: 'kubelet',
  key: EC,
  subject: { commonName: 'system:node:a', organization: 'system:nodes' },
  sans: ['a'],
});
const AUTHORITY: CertificateWish = { ...newAuthorityWish(), key: EC };

let issuer: Authority;

beforeAll(async () => {
  issuer = await authorityCalled('verdicts');
});

/** What is found when the provider has written this. */
async function whenAnswered(
  wishes: readonly CertificateWish[],
  answer: (desk: Desk) => Promise<unknown> | unknown,
  application = 'vault',
): Promise<Dispatched & { readonly desk: Desk }> {
  const desk = newDesk(wishes, { application });
  await dispatch(desk);
  await answer(desk);
  return { ...(await dispatch(desk)), desk };
}

const refuse =
  (error: Readonly<Record<string, unknown>>, key = 'csr') =>
  (desk: Desk): void => {
    const errors = asked(desk.unit).map(({ certificate_signing_request }) => ({
      [key]: certificate_signing_request,
      error,
    }));
    desk.provider['request_errors'] = JSON.stringify(errors);
  };

describe('self-signed-certificates and manual-tls-certificates', () => {
  it('issue all of it, and nothing is said', async () => {
    const { standing, reports } = await whenAnswered([API_SERVER, KUBELET, AUTHORITY], (desk) =>
      answerAll(desk, issuer),
    );
    expect([...standing.values()].map(({ state }) => state)).toEqual(['issued', 'issued', 'issued']);
    expect(reports).toEqual([]);
  });

  it('may take a human: waiting, and from some time on with a hint', async () => {
    const { desk, reports } = await whenAnswered([API_SERVER], () => undefined, 'manual-tls-certificates');
    expect(reports).toEqual([{ status: 'waiting', message: 'Waiting for manual-tls-certificates to issue apiserver' }]);
    desk.now = new Date(desk.now.getTime() + 16 * 60_000);
    expect((await dispatch(desk)).reports).toEqual([
      {
        status: 'waiting',
        message:
          'Waiting for manual-tls-certificates to issue apiserver; see whether it is well, or waits for an action',
      },
    ]);
  });
});

describe('vault', () => {
  it('leaves addresses out', async () => {
    const { standing, reports } = await whenAnswered([API_SERVER], (desk) =>
      answerAll(desk, issuer, { reduced: true }),
    );
    expect(standing.get('apiserver')).toEqual({ state: 'refused', why: 'lacks-names', detail: '10.0.0.5' });
    expect(reports).toEqual([
      {
        status: 'blocked',
        message:
          'vault has issued apiserver without 10.0.0.5; self-signed-certificates and manual-tls-certificates do issue them, vault for addresses with pki_allow_ip_sans=true',
      },
    ]);
  });

  it('leaves many addresses out, of which some are named', async () => {
    const sans = Array.from({ length: 200 }, (_, index) => `10.0.1.${index}`);
    const { standing } = await whenAnswered([{ ...API_SERVER, sans }], (desk) =>
      answerAll(desk, issuer, { reduced: true }),
    );
    expect(standing.get('apiserver')).toMatchObject({
      detail: '10.0.1.0, 10.0.1.1, 10.0.1.10, 10.0.1.100 and 196 more',
    });
  });

  it('leaves the organization out', async () => {
    const { standing, reports } = await whenAnswered([KUBELET], (desk) => answerAll(desk, issuer, { reduced: true }));
    expect(standing.get('kubelet')).toMatchObject({ why: 'lacks-subject', detail: 'the organization system:nodes' });
    expect(reports[0]?.message).toContain('self-signed-certificates and manual-tls-certificates do keep it');
  });

  it.each(['csr', 'certificate_signing_request'])('refuses names of nodes, told under %s', async (key) => {
    const error = { code: 102, name: 'DOMAIN_NOT_ALLOWED', message: 'not allowed by this role' };
    const { standing, reports } = await whenAnswered([KUBELET], refuse(error, key));
    expect(standing.get('kubelet')).toEqual({ state: 'denied', code: 102, message: 'not allowed by this role' });
    expect(reports).toEqual([
      {
        status: 'blocked',
        message:
          'vault refuses to issue kubelet ("not allowed by this role"): it issues none for names of nodes (system:node:a); self-signed-certificates and manual-tls-certificates do',
      },
    ]);
  });

  it.each([
    [101, 'blocked', 'pki_allow_ip_sans=true'],
    [102, 'blocked', 'pki_allowed_domains'],
    [103, 'blocked', 'wildcards'],
    [201, 'waiting', 'which cannot issue apiserver now'],
    [999, 'blocked', 'refuses to issue apiserver ("said")'],
  ])('says %i', async (code, status, part) => {
    const { reports } = await whenAnswered([API_SERVER], refuse({ code, message: 'said' }));
    expect(reports).toEqual([{ status, message: expect.stringContaining(part) }]);
  });

  it('answers a request for an authority as if it were for anything', async () => {
    const { reports, desk } = await whenAnswered([AUTHORITY], (each) => answerAll(each, issuer, { authority: false }));
    expect(reports[0]).toMatchObject({
      status: 'blocked',
      message: expect.stringContaining(
        'has answered the request for the CA certificate cluster-ca with an ordinary one',
      ),
    });
    expect([...desk.secrets.values()].filter(({ label }) => label.startsWith('tls-certificate'))).toEqual([]);
  });

  it('issues after all once it is configured to: the error gives way to the certificate', async () => {
    const { desk } = await whenAnswered([API_SERVER], refuse({ code: 101, message: 'no addresses' }));
    delete desk.provider['request_errors'];
    await answerAll(desk, issuer);
    const { reports, standing } = await dispatch(desk);
    expect([reports, standing.get('apiserver')?.state]).toEqual([[], 'issued']);
  });

  it('sends chains without the leaf, and without the root', async () => {
    const { desk } = await whenAnswered([API_SERVER], async (each) => {
      const [request] = asked(each.unit);
      if (request === undefined) throw new Error('nothing asked');
      each.provider['certificates'] = JSON.stringify([{ ...(await issue(issuer, request)), chain: [] }]);
    });
    const secret = [...desk.secrets.values()].find(({ label }) => label.startsWith('tls-certificate'));
    expect(secret?.content['chain']?.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  });
});

describe('lego', () => {
  it('never answers a request for an authority: blocked when it has taken too long', async () => {
    const { desk, reports } = await whenAnswered(
      [AUTHORITY, { ...AUTHORITY, id: 'client-ca' }],
      () => undefined,
      'lego',
    );
    expect(reports).toEqual([{ status: 'waiting', message: 'Waiting for lego to issue cluster-ca, client-ca' }]);
    desk.now = new Date(desk.now.getTime() + 15 * 60_000);
    const late = await dispatch(desk);
    expect(late.reports).toEqual([
      {
        status: 'blocked',
        message:
          'lego has not issued the CA certificates cluster-ca, client-ca: vault and lego never do, manual-tls-certificates when it is told to',
      },
    ]);
    expect(late.done).toEqual([]);
  });
});

describe('capabilities', () => {
  it.each([
    ['no authorities', { supports_ca_certificates: false }, AUTHORITY, 'authorities', 'issues no CA certificates'],
    ['no addresses', { supports_ip_sans: false }, API_SERVER, 'addresses', 'issues nothing for IP addresses'],
    [
      'no wildcards',
      { supports_wildcard_dns: false },
      newWish({ key: EC, sans: ['*.apps.example'] }),
      'wildcards',
      'issues nothing for wildcards',
    ],
  ])('that say %s: nothing is sent', async (_, capabilities, wish, what, part) => {
    const desk = newDesk([wish], { provider: { capabilities: JSON.stringify(capabilities) } });
    const { done, standing, reports } = await dispatch(desk);
    expect(done).toEqual([]);
    expect(standing.get(wish.id)).toEqual({ state: 'unsupported', what });
    expect(reports).toEqual([{ status: 'blocked', message: expect.stringContaining(part) }]);
  });

  it.each([
    ['nothing', undefined],
    ['that nothing is known', '{"supports_ip_sans": null, "supports_ca_certificates": null}'],
    ['that it can', '{"supports_ip_sans": true, "supports_ca_certificates": true}'],
  ])('that say %s: all is sent', async (_, text) => {
    const desk = newDesk([API_SERVER, AUTHORITY], { provider: text === undefined ? {} : { capabilities: text } });
    await dispatch(desk);
    expect([asked(desk.unit).length, asked(desk.app).length]).toEqual([1, 1]);
  });

  it('that change take nothing away that was issued before', async () => {
    const { desk } = await whenAnswered([API_SERVER], (each) => answerAll(each, issuer));
    desk.provider['capabilities'] = '{"supports_ip_sans": false}';
    const { done, standing } = await dispatch(desk);
    expect([done, standing.get('apiserver')?.state]).toEqual([[], 'issued']);
    desk.wishes = [{ ...API_SERVER, sans: ['10.0.0.5', '10.0.0.6'] }];
    const before = desk.unit;
    expect((await dispatch(desk)).done).toEqual([]);
    expect(desk.unit).toEqual(before);
  });
});

describe('messages', () => {
  it('are one for all that have the same trouble', async () => {
    const { reports } = await whenAnswered(
      [API_SERVER, { ...API_SERVER, id: 'front' }],
      refuse({ code: 201, message: '' }),
    );
    expect(reports).toEqual([
      { status: 'waiting', message: 'Waiting for vault, which cannot issue apiserver, front now' },
    ]);
  });

  it('are of one line, and short, whatever the provider says', async () => {
    const message = `line\nline\u0085line\u2028line\u0000${'x'.repeat(5000)}`;
    const { reports } = await whenAnswered([API_SERVER], refuse({ code: 999, message }));
    expect(reports[0]?.message).toMatch(/^[\x20-\x7e…]{40,300}$/);
  });
});
