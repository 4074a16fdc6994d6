/** Guards that the inventory classifies whatever `openssl` can make, tells what is wrong and what to do, and never throws. */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../../../src/capabilities/certificates/inventory/findings.ts';
import { type CertificateRecord, isRead, keyText } from '../../../../src/capabilities/certificates/inventory/record.ts';
import {
  findingsIn,
  inventoryOf,
  kubeconfigOf,
  newControlPlane,
  PKI,
  put,
  SANS,
  san,
  type TestControlPlane,
  type TestFiles,
} from './control-plane.ts';
import { hasOpenssl, LEAF, type Openssl, type OpensslPair, type OpensslWish, startOpenssl } from './openssl.ts';

let openssl: Openssl;
let sound: TestControlPlane;

beforeAll(() => {
  if (!hasOpenssl) return;
  openssl = startOpenssl();
  sound = newControlPlane(openssl);
}, 120_000);
afterAll(() => openssl?.close());

describe.skipIf(!hasOpenssl)('a control plane of openssl', () => {
  it('that is sound has no finding, and each certificate its authority', async () => {
    const inventory = await inventoryOf(sound.files);
    expect(await findingsIn(sound.files)).toEqual([]);
    const signers = inventory
      .filter(isRead)
      .map(({ place, signer }) => [place.name, 'name' in signer ? signer.name : signer.kind]);
    expect(Object.fromEntries(signers)).toEqual({
      apiserver: 'ca',
      kubelet: 'ca',
      'apiserver-kubelet-client': 'client-ca',
      'front-proxy-client': 'front-proxy-ca',
      'admin.conf': 'client-ca',
      'controller.conf': 'client-ca',
      'scheduler.conf': 'client-ca',
      'proxy.conf': 'client-ca',
      'kubelet.conf': 'client-ca',
      'apiserver-etcd-client': 'etcd/ca',
      'etcd/server': 'etcd/ca',
      'etcd/peer': 'etcd/ca',
      ca: 'self',
      'client-ca': 'self',
      'front-proxy-ca': 'self',
      'etcd/ca': 'self',
      'k8sd/server': 'self',
      'k8sd/cluster': 'self',
    });
  });

  it('tells of a certificate what openssl tells', async () => {
    const record = await recordOf(sound.files, 'apiserver');
    const certificate = new X509Certificate(sound.files.get(`${PKI}/apiserver.crt`) ?? '');
    expect(record).toMatchObject({
      subject: 'CN=kube-apiserver',
      issuer: 'CN=kubernetes-ca',
      sans: [...SANS].sort(),
      serial: certificate.serialNumber,
      signatureAlgorithm: 'sha256WithRSAEncryption',
      usages: ['clientAuth', 'serverAuth'],
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2046-01-01T00:00:00Z'),
      fingerprint: certificate.fingerprint256,
      isAuthority: false,
      privateKey: 'own',
      trailing: 'none',
    });
    expect(keyText(record.key)).toBe('RSA 2048');
  });
});

interface Spoiled {
  readonly what: string;
  readonly spoil: (files: TestFiles) => TestFiles;
  /** Of the certificate that was spoiled, and of those that hang on it. */
  readonly findings: readonly (readonly [
    certificate: string,
    code: string,
    severity: string,
    message: string | RegExp,
  ])[];
}

describe.skipIf(!hasOpenssl)('a spoiled certificate', () => {
  const leaf = (more: Partial<OpensslWish>, extensions: readonly string[] = [...LEAF, san(SANS)]): OpensslPair =>
    openssl.issue({ subject: '/CN=kube-apiserver', authority: sound.authorities.ca, extensions, ...more });
  const apiServer = (more: Partial<OpensslWish>, extensions?: readonly string[]) => (files: TestFiles) =>
    put(files, 'apiserver', leaf(more, extensions));
  const text = (name: string, change: (pem: string) => string) => (files: TestFiles) =>
    files.set(`${PKI}/${name}`, change(files.get(`${PKI}/${name}`) ?? ''));
  const unsupported = (kind: string) =>
    [
      'apiserver',
      'key-unsupported',
      'warning',
      `has a key of the kind ${kind}; k8sd reads RSA only, so that no refresh can succeed`,
    ] as const;

  const cases: readonly Spoiled[] = [
    {
      what: 'EC P-256',
      spoil: apiServer({ algorithm: ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'] }),
      findings: [unsupported('EC P-256')],
    },
    { what: 'Ed25519', spoil: apiServer({ algorithm: ['-algorithm', 'ED25519'] }), findings: [unsupported('Ed25519')] },
    {
      what: 'RSA 1024',
      spoil: apiServer({ algorithm: ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:1024'] }),
      findings: [['apiserver', 'weak-key', 'warning', 'has a weak key (RSA 1024)']],
    },
    {
      what: 'SHA-1',
      spoil: apiServer({ digest: 'sha1' }),
      findings: [['apiserver', 'weak-signature', 'error', 'is signed with a broken hash (sha1WithRSAEncryption)']],
    },
    {
      what: 'MD5',
      spoil: apiServer({ digest: 'md5' }),
      findings: [['apiserver', 'weak-signature', 'error', 'is signed with a broken hash (md5WithRSAEncryption)']],
    },
    {
      what: 'expired',
      spoil: apiServer({ from: '20250101000000Z', to: '20261122000000Z' }),
      findings: [['apiserver', 'expired', 'error', 'expired 2026-11-22']],
    },
    {
      what: 'not yet valid',
      spoil: apiServer({ from: '20270101000000Z' }),
      findings: [['apiserver', 'not-yet-valid', 'error', 'is not valid before 2027-01-01T00:00:00.000Z']],
    },
    {
      what: 'about to expire',
      spoil: apiServer({ to: '20261205120000Z' }),
      findings: [['apiserver', 'expiring', 'warning', 'expires in 12 days, 2026-12-05']],
    },
    {
      what: 'beyond its authority',
      spoil: apiServer({ to: '20490101000000Z' }),
      findings: [['apiserver', 'outlives-authority', 'note', 'is valid for longer than ca, which ends 2046-01-01']],
    },
    {
      what: 'without names',
      spoil: apiServer({}, LEAF),
      findings: [['apiserver', 'san-missing', 'warning', 'lacks kubernetes, 10.0.0.10, juju-3f2a-0']],
    },
    {
      what: 'without one address',
      spoil: apiServer({}, [...LEAF, san(['kubernetes', 'juju-3f2a-0', '10.0.0.11'])]),
      findings: [['apiserver', 'san-missing', 'warning', 'lacks 10.0.0.10']],
    },
    { what: '200 names', spoil: apiServer({}, [...LEAF, san([...SANS, ...names(200)])]), findings: [] },
    { what: 'UTF-8 subject', spoil: apiServer({ subject: '/CN=größe-日本/O=Ünïcode' }), findings: [] },
    {
      what: 'empty subject',
      spoil: apiServer({ subject: '/' }),
      findings: [],
    },
    {
      what: 'for clients only',
      spoil: apiServer({}, ['extendedKeyUsage=clientAuth', san(SANS)]),
      findings: [['apiserver', 'usage', 'error', 'lacks the extended key usage serverAuth']],
    },
    {
      what: 'for clients only, where k8sd wants a server',
      spoil: (files) =>
        put(
          files,
          'front-proxy-client',
          leaf({ authority: sound.authorities['front-proxy-ca'] }, ['extendedKeyUsage=clientAuth']),
        ),
      findings: [
        [
          'front-proxy-client',
          'usage',
          'error',
          'lacks the extended key usage serverAuth, without which k8sd refuses it',
        ],
      ],
    },
    {
      what: 'signed by another authority of the unit',
      spoil: (files) => put(files, 'apiserver', leaf({ authority: sound.authorities['client-ca'] })),
      findings: [['apiserver', 'chain', 'error', 'is signed by client-ca, not by ca']],
    },
    {
      what: 'signed by somebody else of the same name',
      spoil: (files) => {
        const impostor = openssl.issue({ subject: '/CN=kubernetes-ca', key: openssl.newKey() });
        return put(files, 'apiserver', leaf({ authority: impostor }));
      },
      findings: [['apiserver', 'chain', 'error', "is signed by none of this unit's authorities"]],
    },
    {
      what: 'signed by the key of the authority, in another name',
      spoil: (files) => {
        const renamed = openssl.issue({ subject: '/CN=kubernetes-ca-2', key: sound.authorities.ca.key });
        return put(files, 'apiserver', leaf({ authority: renamed }));
      },
      findings: [
        ['apiserver', 'chain', 'error', 'is signed by ca, but names another issuer or key identifier than that has'],
      ],
    },
    {
      what: 'signed by itself',
      spoil: (files) =>
        put(files, 'apiserver', openssl.issue({ subject: '/CN=kube-apiserver', extensions: [...LEAF, san(SANS)] })),
      findings: [['apiserver', 'chain', 'error', 'is signed by itself, not by ca']],
    },
    {
      what: 'with the key of another',
      spoil: (files) => files.set(`${PKI}/apiserver.key`, sound.authorities.ca.key),
      findings: [['apiserver', 'key-mismatch', 'error', 'does not belong to the private key beside it']],
    },
    {
      what: 'without its key',
      spoil: text('apiserver.key', () => ''),
      findings: [['apiserver', 'key-missing', 'error', 'has no private key beside it']],
    },
    {
      what: 'with a broken key',
      spoil: text('apiserver.key', (key) => key.replace(/[A-Za-z]{20}/, '')),
      findings: [['apiserver', 'key-unreadable', 'error', 'has a private key beside it that cannot be read']],
    },
    {
      what: 'an authority that is none',
      spoil: (files) => {
        const { key } = sound.authorities.ca;
        return files.set(
          `${PKI}/ca.crt`,
          openssl.issue({ subject: '/CN=kubernetes-ca', key, extensions: ['basicConstraints=critical,CA:FALSE'] })
            .certificate,
        );
      },
      findings: [['ca', 'not-an-authority', 'error', /is used as an authority and is none/]],
    },
    {
      what: 'an authority with another key',
      spoil: (files) => files.set(`${PKI}/ca.key`, sound.authorities['client-ca'].key),
      findings: [['ca', 'key-mismatch', 'error', 'does not belong to the private key beside it']],
    },
    {
      what: 'an authority that ends within half a year',
      spoil: (files) => {
        const { key } = sound.authorities.ca;
        const soon = openssl.issue({ subject: '/CN=kubernetes-ca', key, to: '20270301000000Z' });
        return files.set(`${PKI}/ca.crt`, soon.certificate);
      },
      findings: [
        ['ca', 'not-renewable', 'warning', 'expires in 97 days, 2027-03-01, and cannot be renewed by k8sd'],
        ['apiserver', 'outlives-authority', 'note', 'is valid for longer than ca, which ends 2027-03-01'],
        ['kubelet', 'outlives-authority', 'note', 'is valid for longer than ca, which ends 2027-03-01'],
      ],
    },
    {
      what: 'an empty file',
      spoil: text('apiserver.crt', () => ''),
      findings: [['apiserver', 'unreadable', 'error', 'is empty']],
    },
    {
      what: 'no file',
      spoil: (files) => {
        files.delete(`${PKI}/apiserver.crt`);
        return files;
      },
      findings: [['apiserver', 'unreadable', 'error', 'is not there, though the node is in a cluster']],
    },
    {
      what: 'no PEM',
      spoil: text('apiserver.crt', () => 'hello\n'),
      findings: [['apiserver', 'unreadable', 'error', 'holds no PEM']],
    },
    {
      what: 'broken PEM',
      spoil: text('apiserver.crt', (pem) => pem.replace(/[A-Za-z0-9]{40}/, '####')),
      findings: [['apiserver', 'unreadable', 'error', /^holds no PEM that Go can read: it is cut off or damaged/]],
    },
    {
      what: 'a byte order mark before it',
      spoil: text('apiserver.crt', (pem) => `\uFEFF${pem}`),
      findings: [['apiserver', 'unreadable', 'error', /^holds no PEM that Go can read/]],
    },
    {
      what: 'half a PEM',
      spoil: text('apiserver.crt', (pem) => pem.slice(0, pem.length / 2)),
      findings: [['apiserver', 'unreadable', 'error', /^holds no PEM that Go can read/]],
    },
    {
      what: 'the key first',
      spoil: (files) =>
        files.set(`${PKI}/apiserver.crt`, `${files.get(`${PKI}/apiserver.key`)}${files.get(`${PKI}/apiserver.crt`)}`),
      findings: [['apiserver', 'unreadable', 'error', /^begins with a PRIVATE KEY, of which Kubernetes makes nothing/]],
    },
    {
      what: 'garbage after it',
      spoil: text('apiserver.crt', (pem) => `${pem}garbage\n`),
      findings: [['apiserver', 'trailing-data', 'warning', 'is followed by something that is no PEM']],
    },
    {
      what: 'garbage within it',
      spoil: text('apiserver.crt', (pem) =>
        armoured(Buffer.concat([new X509Certificate(pem).raw, Buffer.from('garbage')])),
      ),
      findings: [
        ['apiserver', 'trailing-data', 'error', 'is followed by garbage within its PEM block, which Go refuses'],
      ],
    },
    {
      what: 'explanations before it',
      spoil: text('apiserver.crt', (pem) => `Certificate:\n    Data:\n${pem}`),
      findings: [],
    },
    {
      what: 'a kubeconfig with a token',
      spoil: (files) => files.set('/etc/kubernetes/admin.conf', 'users:\n- user:\n    token: hunter2\n'),
      findings: [['admin.conf', 'unreadable', 'error', 'holds no client certificate']],
    },
    {
      what: 'a kubeconfig with the key of another',
      spoil: (files) =>
        files.set(
          '/etc/kubernetes/admin.conf',
          kubeconfigOf({ ...leaf({ authority: sound.authorities['client-ca'] }), key: sound.authorities.ca.key }),
        ),
      findings: [['admin.conf', 'key-mismatch', 'error', 'does not belong to the private key beside it']],
    },
  ];

  it.each(cases)('$what', async ({ spoil, findings }) => {
    const found = await findingsIn(spoil(new Map(sound.files)));
    expect(found.map(brief)).toEqual(
      findings.map(([certificate, code, severity, message]) => ({
        certificate,
        code,
        severity,
        message: typeof message === 'string' ? message : expect.stringMatching(message),
      })),
    );
    for (const { remedy } of found) expect(remedy).toMatch(/^[a-z].{20,}$/);
  });

  it('is told without a word of what lies in a file', async () => {
    const files = new Map(sound.files).set('/etc/kubernetes/admin.conf', 'users:\n- user:\n    token: hunter2\n');
    expect(JSON.stringify(await findingsIn(files))).not.toContain('hunter2');
  });

  it('keeps a subject in UTF-8 and all of 200 names', async () => {
    const files = put(
      new Map(sound.files),
      'apiserver',
      leaf({ subject: '/CN=größe-日本' }, [...LEAF, san(names(200))]),
    );
    const record = await recordOf(files, 'apiserver');
    expect(record.subject).toBe('CN=größe-日本');
    expect(record.sans).toEqual([...names(200)].sort());
  });

  it('takes an intermediate authority, with its root behind it or alone', async () => {
    const root = openssl.issue({ subject: '/CN=root', key: openssl.newKey() });
    const intermediate = openssl.issue({
      subject: '/CN=kubernetes-ca',
      authority: root,
      key: sound.authorities.ca.key,
      extensions: ['basicConstraints=CA:TRUE'],
    });
    for (const chain of [intermediate.certificate, intermediate.certificate + root.certificate]) {
      const files = new Map(sound.files).set(`${PKI}/ca.crt`, chain);
      expect(await findingsIn(files)).toEqual([]);
      const expected = chain === intermediate.certificate ? { kind: 'unknown' } : { kind: 'authority', name: 'ca' };
      expect((await recordOf(files, 'ca')).signer).toMatchObject(expected);
    }
  });
});

async function recordOf(files: TestFiles, name: string): Promise<CertificateRecord> {
  const record = (await inventoryOf(files)).filter(isRead).find(({ place }) => place.name === name);
  if (record === undefined) throw new Error(`${name} cannot be read`);
  return record;
}

function brief({ certificate, code, severity, message }: Finding) {
  return { certificate, code, severity, message };
}

function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `node-${index}.example.com`);
}

function armoured(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n')}\n-----END CERTIFICATE-----\n`;
}
