/** Guards the check of workers' certificate requests, with real requests as somebody would make them who has taken over a worker. */

import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { describe, expect, it } from 'vitest';
import { type Requester, reasonToDeny } from '../../../src/capabilities/certificates/approval.ts';
import { parseRequest } from '../../../src/capabilities/certificates/read-request.ts';
import { WORKER_PAIRS } from '../../../src/capabilities/certificates/request-journal.ts';
import { makeRequests, REQUEST_KINDS } from '../../../src/capabilities/certificates/signing-request.ts';
import type { CertificateRequest } from '../../../src/clients/kubernetes/kubernetes.ts';
import { derOf, makeRequest, pemOf, rsaKeys, sansOf } from './requests.ts';

const NODE = 'juju-3f2a-4';
const requester: Requester = {
  node: NODE,
  addresses: ['10.0.0.20', '2001:DB8::20'],
  foreign: new Map([
    ['10.0.0.9', 'node juju-3f2a-9'],
    ['kubernetes', 'the control plane'],
  ]),
  reservedRanges: [{ range: '10.152.183.0/24', owner: 'the range of services' }],
  remedy: 'accept them',
};
const ofNode: x509.JsonName = [{ O: ['system:nodes'] }, { CN: [`system:node:${NODE}`] }];
const ofProxy: x509.JsonName = [{ CN: ['system:kube-proxy'] }];

type Pair = (typeof REQUEST_KINDS)[number]['pair'];

/** The object as the API server would keep it, had the node's kubelet made it. */
function objectOf(pair: Pair, request: string, changes: Partial<CertificateRequest> = {}): CertificateRequest {
  const kind = REQUEST_KINDS.find((candidate) => candidate.pair === pair);
  if (kind === undefined) throw new Error(pair);
  return {
    name: `x-${pair}`,
    uid: 'u',
    signerName: kind.signerName,
    usages: kind.usages,
    request,
    username: `system:node:${NODE}`,
    groups: ['system:nodes', 'system:authenticated'],
    annotations: {},
    state: 'pending',
    createdAt: '2026-11-23T10:00:00Z',
    expirationSeconds: 31_536_000,
    ...changes,
  };
}

async function verdict(object: CertificateRequest, asked: Requester = requester): Promise<string | undefined> {
  return reasonToDeny(object, await parseRequest(object.request).catch(() => undefined), asked);
}

const serving = (...sans: readonly string[]) => makeRequest(ofNode, { names: sansOf(...sans) });

describe('what a worker asks for is approved', () => {
  it('as our own worker makes it: all three, with what k8sd puts into its certificates', async () => {
    const made = await makeRequests(
      WORKER_PAIRS,
      NODE,
      [NODE, '127.0.0.1', '::1', '10.0.0.20', '2001:db8::20'],
      'k8s-worker-0-1',
    );
    expect(made.map(({ pair }) => pair)).toEqual(['kubelet', 'kubelet-client', 'kube-proxy-client']);
    for (const { pair, request, signerName, usages } of made)
      expect(await verdict(objectOf(pair, request, { signerName, usages }))).toBeUndefined();
  });

  it.each<[string, Partial<CertificateRequest>]>([
    ['with usages in another order', { usages: ['server auth', 'key encipherment', 'digital signature'] }],
    ['without the group that everybody is in', { groups: ['system:nodes'] }],
    ['for ten years', { expirationSeconds: 10 * 365 * 86_400 }],
    ['that was approved before a dispatch was killed', { state: 'approved' }],
  ])('%s', async (_, changes) => {
    expect(await verdict(objectOf('kubelet', await serving(NODE, '10.0.0.20'), changes))).toBeUndefined();
  });

  it('with no life asked for: k8sd gives it ten years then', async () => {
    const { expirationSeconds: _, ...object } = objectOf('kubelet', await serving(NODE));
    expect(await verdict(object)).toBeUndefined();
  });

  it.each([
    ['the name in capitals', ['JUJU-3F2A-4', '10.0.0.20']],
    ['another writing of the address', [NODE, '2001:0db8:0000::0020']],
    ['the name alone', [NODE]],
  ])('with %s', async (_, sans) => {
    expect(await verdict(objectOf('kubelet', await serving(...sans)))).toBeUndefined();
  });

  it('with a key of the largest size', async () => {
    const request = await makeRequest(ofNode, { names: sansOf(NODE), keys: await rsaKeys(4096) });
    expect(await verdict(objectOf('kubelet', request))).toBeUndefined();
  });
});

describe('an object is refused', () => {
  it.each<[string, Partial<CertificateRequest>, string]>([
    [
      'of the signer of API clients',
      { signerName: 'kubernetes.io/kube-apiserver-client' },
      'signer kubernetes.io/kube-apiserver-client is none of those of a worker',
    ],
    ['of a signer of nobody', { signerName: '' }, 'signer  is none of those of a worker'],
    [
      'that another node has made',
      { username: 'system:node:juju-3f2a-9' },
      `it was made by system:node:juju-3f2a-9, not by system:node:${NODE}`,
    ],
    [
      'that an administrator has made',
      { username: 'kubernetes-admin', groups: ['system:masters'] },
      `it was made by kubernetes-admin, not by system:node:${NODE}`,
    ],
    ['of somebody of that name who is no node', { groups: ['system:authenticated'] }, 'system:nodes'],
    [
      'of a node in another group: the signer would write it into the certificate',
      { groups: ['system:nodes', 'system:masters', 'system:authenticated'] },
      'it was made by a member of system:masters',
    ],
    ['for clients at kubelet', { usages: ['digital signature', 'key encipherment', 'client auth'] }, 'its usages are'],
    ['with a usage more', { usages: [...(REQUEST_KINDS[0]?.usages ?? []), 'client auth'] }, 'its usages are'],
    ['with a usage less', { usages: ['digital signature', 'server auth'] }, 'its usages are'],
    [
      'with a usage twice in place of another',
      { usages: ['digital signature', 'digital signature', 'server auth'] },
      'its usages are digital signature, digital signature, server auth',
    ],
    ['for longer than ten years', { expirationSeconds: 10 * 366 * 86_400 + 1 }, 'a life of more than ten years'],
  ])('%s', async (_, changes, reason) => {
    expect(await verdict(objectOf('kubelet', await serving(NODE, '10.0.0.20'), changes))).toContain(reason);
  });

  it('whose serving request is put before the signer of clients', async () => {
    const request = await serving(NODE, '10.0.0.20');
    expect(await verdict(objectOf('kubelet-client', request))).toBe(
      'it is for a client and asks for names or addresses',
    );
  });
});

describe('a subject is refused', () => {
  it.each<[string, Pair, x509.JsonName, string]>([
    ['of another node', 'kubelet', [{ O: ['system:nodes'] }, { CN: ['system:node:juju-3f2a-9'] }], 'juju-3f2a-9'],
    [
      'of an administrator',
      'kubelet-client',
      [{ O: ['system:masters'] }, { CN: ['kubernetes-admin'] }],
      'system:masters',
    ],
    ['without its group', 'kubelet-client', [{ CN: [`system:node:${NODE}`] }], 'it must be O=system:nodes'],
    [
      'with a group more',
      'kubelet-client',
      [{ O: ['system:nodes', 'system:masters'] }, { CN: [`system:node:${NODE}`] }],
      'O=system:masters',
    ],
    [
      'with its name twice in place of its group',
      'kubelet-client',
      [{ CN: [`system:node:${NODE}`] }, { CN: [`system:node:${NODE}`] }],
      'its subject is',
    ],
    ['with an attribute more', 'kubelet', [...ofNode, { '2.5.4.5': ['1'] }], '2.5.4.5'],
    ['of kube-proxy with a group', 'kube-proxy-client', [{ O: ['system:masters'] }, ...ofProxy], 'O=system:masters'],
    [
      'of kube-proxy in another name',
      'kube-proxy-client',
      [{ CN: ['system:kube-scheduler'] }],
      'system:kube-scheduler',
    ],
    ['that is empty', 'kube-proxy-client', [], 'its subject is empty'],
  ])('%s', async (_, pair, subject, reason) => {
    const names = pair === 'kubelet' ? sansOf(NODE) : [];
    expect(await verdict(objectOf(pair, await makeRequest(subject, { names })))).toContain(reason);
  });
});

describe('names and addresses are refused', () => {
  it.each<[string, readonly string[], string]>([
    ['of another unit', [NODE, '10.0.0.21'], 'the addresses 10.0.0.21 are not'],
    ['of the API server', [NODE, 'kubernetes'], 'the names kubernetes are not'],
    ['of anybody', [NODE, `*.${NODE}`, 'example.com'], `the names *.${NODE}, example.com are not`],
    ['that are an address written as a name', [NODE, '10.0.0.20.'], 'the names 10.0.0.20. are not'],
    ['without the node’s own', ['10.0.0.20'], `it lacks the node's name ${NODE}`],
    ['when there are none', [], `it lacks the node's name ${NODE}`],
    ['of every interface', [NODE, '0.0.0.0'], 'the addresses 0.0.0.0 are not'],
  ])('%s', async (_, sans, reason) => {
    expect(await verdict(objectOf('kubelet', await serving(...sans)))).toContain(reason);
  });

  it('that the unit’s databag holds, when they are also another’s: root on the unit writes there, too', async () => {
    const request = await serving(NODE, '10.0.0.9');
    expect(await verdict(objectOf('kubelet', request), { ...requester, addresses: ['10.0.0.9'] })).toBe(
      'the address 10.0.0.9 belongs to node juju-3f2a-9, too',
    );
    const mapped = await serving(NODE, '::ffff:a00:9');
    expect(await verdict(objectOf('kubelet', mapped), { ...requester, addresses: ['::ffff:a00:9'] })).toContain(
      'the address 10.0.0.9 belongs to',
    );
  });

  it('of a node that has called itself as the API server is called', async () => {
    const request = await makeRequest([{ O: ['system:nodes'] }, { CN: ['system:node:kubernetes'] }], {
      names: sansOf('kubernetes'),
    });
    const object = objectOf('kubelet', request, { username: 'system:node:kubernetes' });
    expect(await verdict(object, { ...requester, node: 'kubernetes' })).toBe(
      'the name kubernetes belongs to the control plane, too',
    );
  });

  it.each<[string, x509.JsonGeneralName]>([
    ['email', { type: 'email', value: 'a@b.example' }],
    ['url', { type: 'url', value: 'spiffe://cluster/ns/kube-system/sa/default' }],
    ['dn', { type: 'dn', value: 'CN=kubernetes-admin' }],
    ['id', { type: 'id', value: '1.2.3.4' }],
    ['upn', { type: 'upn', value: 'admin@b.example' }],
  ])('of the kind %s', async (_, name) => {
    const request = await makeRequest(ofNode, { names: [...sansOf(NODE), name] });
    expect(await verdict(objectOf('kubelet', request))).toMatch(/^it asks for names of the kinds /);
  });

  it('of a client, even its own', async () => {
    const request = await makeRequest(ofNode, { names: sansOf(NODE) });
    expect(await verdict(objectOf('kubelet-client', request))).toBe(
      'it is for a client and asks for names or addresses',
    );
    const proxy = await makeRequest(ofProxy, { names: sansOf('10.0.0.20') });
    expect(await verdict(objectOf('kube-proxy-client', proxy))).toContain('it is for a client');
  });
});

describe('keys and signatures are refused', () => {
  it.each([1024, 2040])('of %i bits', async (bits) => {
    const request = await makeRequest(ofNode, { keys: await rsaKeys(bits) });
    expect(await verdict(objectOf('kubelet-client', request))).toBe(
      `its RSA key has ${bits} bits; 2048 to 8192 are needed`,
    );
  });

  it('that are so large that verifying them is work', async () => {
    const parsed = await parseRequest(await makeRequest(ofNode));
    const key = { ...parsed.key, bits: 16_384 };
    expect(reasonToDeny(objectOf('kubelet-client', ''), { ...parsed, key }, requester)).toContain('16384 bits');
  });

  it.each(['P-256', 'P-384'])('on the curve %s, which k8sd does not read', async (namedCurve) => {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify']);
    expect(await verdict(objectOf('kubelet-client', await makeRequest(ofNode, { keys })))).toBe(
      'its key is of the kind ECDSA; an RSA key is needed',
    );
  });

  it('of somebody else: the certificate would be for a key that the worker does not hold', async () => {
    const [victim, attacker] = await Promise.all([rsaKeys(2048), rsaKeys(2048)]);
    const keys = { publicKey: victim.publicKey, privateKey: attacker.privateKey };
    expect(await verdict(objectOf('kubelet-client', await makeRequest(ofNode, { keys })))).toBe(
      'it is not signed with its own key',
    );
  });

  it.each([
    ['whose signature has one bit changed', -1],
    // The last character of the subject: `system:node:juju-3f2a-4` turns into another.
    ['whose content was changed after it was signed', undefined],
  ])('%s', async (_, position) => {
    const der = derOf(await makeRequest(ofNode));
    const at = position === undefined ? Buffer.from(der).indexOf(NODE) + NODE.length - 1 : der.length + position;
    der[at] = (der[at] ?? 0) ^ 1;
    expect(await verdict(objectOf('kubelet-client', pemOf(der)))).toBe('it is not signed with its own key');
  });
});

describe('what another parser could read in another way is refused', () => {
  const unreadable = 'it holds no certificate signing request that can be read';
  const evil = () => new x509.SubjectAlternativeNameExtension([...sansOf('kubernetes', '10.152.183.1')]);

  it.each([
    ['nothing', ''],
    ['something else', 'hello'],
    ['no request', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'],
    ['half a block', '-----BEGIN CERTIFICATE REQUEST-----\nMII\n'],
  ])('%s', async (_, text) => {
    expect(await verdict(objectOf('kubelet', text))).toBe(unreadable);
  });

  it('a certificate in the place of a request', async () => {
    const request = (await serving(NODE)).replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE');
    expect(await verdict(objectOf('kubelet', request))).toBe(unreadable);
  });

  it.each([
    ['a second block', (good: string, other: string) => good + other],
    ['text before the block', (good: string) => `# a comment\n${good}`],
    ['a header in the block', (good: string) => good.replace('-----\n', '-----\nProc-Type: 4\n\n')],
    // Go skips a block whose base64 it cannot read and takes the next one; others are not so strict.
    [
      'a block that is skipped before one that is taken',
      (good: string, other: string) => good.replace('\n-----END', '\n=\n-----END') + other,
    ],
    ['blanks in the base64', (good: string) => good.replace(/\n(.{10})/, '\n$1 ')],
    ['lines that end in another way', (good: string) => good.replaceAll('\n', '\r\n')],
    ['bytes after the request', (good: string) => pemOf(Buffer.concat([derOf(good), Buffer.from([5, 0, 5, 0, 5, 0])]))],
  ])('%s', async (_, spoil) => {
    const good = await serving(NODE);
    const other = await makeRequest(ofNode, { extensions: [evil()] });
    expect(await verdict(objectOf('kubelet', good))).toBeUndefined();
    expect(await verdict(objectOf('kubelet', spoil(good, other)))).toBe(unreadable);
  });

  it('a second list of extensions, behind one that is as it should be', async () => {
    const request = await makeRequest(ofNode, {
      attributes: [new x509.ExtensionsAttribute([new x509.SubjectAlternativeNameExtension([...sansOf(NODE)])])],
      extensions: [evil()],
    });
    expect(await verdict(objectOf('kubelet', request))).toBe(unreadable);
    const client = await makeRequest(ofNode, { attributes: [new x509.ExtensionsAttribute([])], extensions: [evil()] });
    expect(await verdict(objectOf('kubelet-client', client))).toBe(unreadable);
  });

  it('alternative names twice in one list', async () => {
    const request = await makeRequest(ofNode, { names: sansOf(NODE), extensions: [evil()] });
    expect(await verdict(objectOf('kubelet', request))).toBe(unreadable);
  });

  it('other attributes', async () => {
    const request = await makeRequest(ofNode, { attributes: [new x509.ChallengePasswordAttribute('secret')] });
    expect(await verdict(objectOf('kubelet-client', request))).toBe(unreadable);
  });

  it('other extensions: an authority, or a use of its own', async () => {
    const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)];
    const authority = await makeRequest(ofNode, { names: sansOf(NODE), extensions });
    expect(await verdict(objectOf('kubelet', authority))).toBe('it asks for the extensions 2.5.29.19');
    const use = new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]);
    expect(await verdict(objectOf('kubelet-client', await makeRequest(ofNode, { extensions: [use] })))).toBe(
      'it asks for the extensions 2.5.29.37',
    );
  });
});
