/** The requirer's side against a CA charm that behaves as the fourth generation of the provider's library: real processes, real X.509. */

import { execFile } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateAndKey } from '../../../../src/capabilities/certificates/relation/collect.ts';
import type { Standing } from '../../../../src/capabilities/certificates/relation/standing.ts';
import { openBareMachines } from '../../../standins/juju/bare-machines.ts';
import { packCaCharm } from '../../../standins/juju/ca-charm/pack.ts';
import { Model } from '../../../standins/juju/model.ts';
import { packRequirerCharm } from './requirer/pack.ts';
import { newAuthorityWish, newWish } from './wishes.ts';

const run = promisify(execFile);
const DAY_MS = 86_400_000;

let folder: string;
let model: Model;
let ca: string;

const SERVING = newWish({ key: { name: 'ec', curve: 'P-256' } });
const AUTHORITY = newAuthorityWish();
const WISHES = [SERVING, AUTHORITY];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tl-'));
  const [requirer, provider] = await Promise.all([packRequirerCharm(folder), packCaCharm(folder)]);
  ca = provider;
  model = await Model.create({
    directory: join(folder, 'model'),
    provider: openBareMachines({ directory: join(folder, 'machines') }),
    retry: { initialMs: 20, maximumMs: 100, attempts: 3 },
  });
  await model.deploy(requirer, { application: 'requirer', units: 2, config: { wishes: JSON.stringify(WISHES) } });
  await model.deploy(ca, { application: 'ca' });
  await settle();
});

afterAll(async () => {
  await model?.close();
  await rm(folder, { recursive: true, force: true });
});

const settle = (until: () => boolean = () => true): Promise<void> =>
  model.settle({ timeoutMs: 60_000, until, updateStatusEveryMs: 1_000 });
const message = (unit: string): string => `${model.unit(unit).workload.status}: ${model.unit(unit).workload.message}`;
const isWell = (): boolean => ['requirer/0', 'requirer/1'].every((unit) => message(unit) === 'active: ');
const secrets = (part: string) => model.secrets().filter(({ label }) => label.includes(part));

async function inService(unit: string, id: string): Promise<CertificateAndKey & { readonly parsed: X509Certificate }> {
  const text = await readFile(serviceFile(unit, id), 'utf8');
  const found = JSON.parse(text) as CertificateAndKey;
  return { ...found, parsed: new X509Certificate(found.certificate) };
}

async function standing(unit: string, id: string): Promise<Standing | undefined> {
  const text = await readFile(join(model.unit(unit).charmDirectory, '..', 'service', 'standing.json'), 'utf8');
  return (JSON.parse(text) as Record<string, Standing>)[id];
}

/** Of the unit's own databag. */
function requests(unit: string): readonly unknown[] {
  return JSON.parse(model.unit(unit).bag('certificates')['certificate_signing_requests'] ?? '[]') as unknown[];
}

const secretsOf = (unit: string, part: string) => secrets(part).filter(({ owner }) => owner.name === unit);

function serviceFile(unit: string, id: string): string {
  return join(model.unit(unit).charmDirectory, '..', 'service', `${id}.json`);
}

function servedNow(unit: string): X509Certificate {
  const found = JSON.parse(readFileSync(serviceFile(unit, 'apiserver'), 'utf8')) as CertificateAndKey;
  return new X509Certificate(found.certificate);
}

const issuer = (unit: string): string => servedNow(unit).issuer.split('\n')[0] ?? '';
const serialsDiffer = (unit: string, before: { readonly parsed: X509Certificate }): boolean =>
  servedNow(unit).serialNumber !== before.parsed.serialNumber;

const leader = (): string =>
  model.status().applications['requirer']?.units['requirer/0']?.leader ? 'requirer/0' : 'requirer/1';

/** Ends a dispatch of the unit in the midst of what is done; what it was about to write is lost with it, and the end is the same. */
async function killed(unit: string, call: number, work: () => Promise<void>): Promise<void> {
  model.interruptAt = { unit, call, phase: call % 2 === 0 ? 'after' : 'before' };
  await work();
  expect(model.interruptAt).toBeUndefined();
}

/** What a second implementation makes of it. */
async function verify(issued: CertificateAndKey, ...options: string[]): Promise<string> {
  const name = createHash('sha256').update(issued.certificate).digest('hex').slice(0, 12);
  const [leaf, authority] = [join(folder, `${name}.crt`), join(folder, `${name}-ca.crt`)];
  await writeFile(leaf, issued.certificate);
  await writeFile(authority, issued.authority);
  const { stdout } = await run('openssl', ['verify', ...options, '-CAfile', authority, leaf]);
  return stdout;
}

function keyFits({ key, parsed }: { readonly key: string; readonly parsed: X509Certificate }): boolean {
  return createPublicKey(createPrivateKey(key)).equals(parsed.publicKey);
}

describe('certificates from a CA charm', { timeout: 120_000 }, () => {
  it('are asked for only when there is somebody to ask', () => {
    expect(message('requirer/1')).toMatch(/^blocked: Integrate certificates with a CA charm/);
    expect(model.secrets().filter(({ label }) => label.startsWith('tls-'))).toEqual([]);
  });

  it('arrive for each unit, and for the application at its leader, with keys of their own', async () => {
    await killed('requirer/0', 28, async () => {
      await model.integrate('requirer', 'ca');
      await settle(isWell);
    });
    const [first, second] = [await inService('requirer/0', 'apiserver'), await inService('requirer/1', 'apiserver')];
    expect(first.parsed.subjectAltName).toBe('IP Address:10.0.0.5, DNS:k8s.example');
    expect(first.key).not.toBe(second.key);
    const authority = await inService(leader(), 'cluster-ca');
    expect(authority.parsed.ca).toBe(true);
    expect(authority.key).toMatch(/^-----BEGIN RSA PRIVATE KEY-----/);
    for (const issued of [first, second, authority]) {
      expect(keyFits(issued)).toBe(true);
      expect(await verify(issued)).toMatch(/: OK$/m);
    }
    expect(
      secrets('tls-key')
        .map(({ owner }) => owner.kind)
        .toSorted(),
    ).toEqual(['application', 'unit', 'unit']);
  });

  it('cost a settled dispatch a few questions, none about secrets', async () => {
    await settle(isWell);
    const before = model.dispatches.length;
    model.updateStatus('requirer/0');
    await settle(() => model.dispatches.length > before);
    const tools = model.dispatches.at(-1)?.calls.map(({ tool }) => tool) ?? [];
    expect(tools.filter((tool) => /^secret|-set$/.test(tool))).toEqual([]);
    expect(tools.length).toBeLessThan(14);
  });

  it('come from an authority that other applications are told of, each in the form that it reads', async () => {
    const { authority } = await inService('requirer/0', 'apiserver');
    const trusting = model.addRemoteApplication('trusting', {
      endpoints: { trust: { interface: 'certificate_transfer', role: 'requirer' } },
    });
    await model.integrate('requirer', 'trusting');
    await settle(() => model.unit('requirer/1').bag('send-ca-cert')['version'] === '0');
    expect(model.unit('requirer/1').bag('send-ca-cert')).toMatchObject({
      ca: JSON.stringify(authority),
      chain: JSON.stringify([authority]),
    });
    trusting.setApplicationBag('trust', { version: '1' });
    await settle(() => model.unit('requirer/1').bag('send-ca-cert')['version'] === undefined);
    expect(model.applicationBag('requirer', 'send-ca-cert')).toEqual({
      certificates: JSON.stringify([authority]),
      version: '1',
    });
    await model.removeRelation('requirer', 'trusting');
    await settle();
  });

  it('are renewed when their secret runs out: another request, the same key, and the old one serves meanwhile', async () => {
    const before = await inService('requirer/1', 'apiserver');
    const asked = requests('requirer/1');
    const [secret] = secretsOf('requirer/1', 'tls-certificate');
    const left = Date.parse(secret?.revisions[1]?.expire ?? '') - Date.now();
    expect(left / DAY_MS).toBeGreaterThan(80.9);
    expect(left / DAY_MS).toBeLessThan(81);
    await model.configure('ca', { mode: 'manual' });
    await settle();
    await killed('requirer/1', 15, async () => {
      model.expireSecret(secret?.id ?? '');
      await settle(() => message('requirer/1') === 'waiting: Waiting for ca to renew apiserver');
    });
    const askedAnew = requests('requirer/1');
    expect(askedAnew).toHaveLength(1);
    expect(askedAnew).not.toEqual(asked);
    expect(secretsOf('requirer/1', 'tls-certificate')).toEqual([]);
    expect((await inService('requirer/1', 'apiserver')).certificate).toBe(before.certificate);
    await killed('requirer/1', 14, async () => {
      await model.run('ca/0', 'provide-certificate');
      await settle(isWell);
    });
    const after = await inService('requirer/1', 'apiserver');
    expect(after.parsed.serialNumber).not.toBe(before.parsed.serialNumber);
    expect(after.key).toBe(before.key);
    expect(keyFits(after)).toBe(true);
    expect(secretsOf('requirer/1', 'tls-certificate')).toHaveLength(1);
    await model.configure('ca', { mode: 'self-signed' });
    await settle(isWell);
  });

  it('that last for a moment are renewed before they are over, as time goes by', async () => {
    const before = await inService('requirer/0', 'apiserver');
    await model.configure('requirer', { timing: JSON.stringify({ renewAt: 0.05 }) });
    await model.configure('ca', { 'certificate-validity': '60s', 'ca-common-name': 'brief.example' });
    await settle(() => isWell() && serialsDiffer('requirer/0', before));
    const brief = await inService('requirer/0', 'apiserver');
    await settle(() => serialsDiffer('requirer/0', brief));
    const after = await inService('requirer/0', 'apiserver');
    expect(Date.parse(after.parsed.validFrom)).toBeLessThan(Date.parse(brief.parsed.validTo));
    expect(after.key).toBe(before.key);
    await model.configure('requirer', { timing: '{}' });
    await model.configure('ca', { 'certificate-validity': '90d', 'ca-common-name': 'ca.example' });
    await settle(() => isWell() && issuer('requirer/0') === 'CN=ca.example');
  });

  it('stay in service when revoked, until the same request is answered again', async () => {
    const before = await inService('requirer/0', 'apiserver');
    const asked = requests('requirer/0');
    await model.configure('ca', { mode: 'manual' });
    await settle();
    await killed('requirer/0', 13, async () => {
      await model.run('ca/0', 'revoke');
      await settle(() => message('requirer/0').includes('which it has revoked'));
    });
    expect((await standing('requirer/0', 'apiserver'))?.state).toBe('revoked');
    expect(requests('requirer/0')).toEqual(asked);
    expect(secrets('tls-certificate')).toEqual([]);
    expect((await inService('requirer/0', 'apiserver')).certificate).toBe(before.certificate);
    await model.configure('ca', { mode: 'self-signed' });
    await settle(isWell);
    expect(requests('requirer/0')).toEqual(asked);
    expect((await inService('requirer/0', 'apiserver')).certificate).not.toBe(before.certificate);
  });

  it('come from the new authority when the provider changes it, and the former one is still told of', async () => {
    const before = await inService('requirer/0', 'apiserver');
    await model.configure('ca', { 'ca-common-name': 'other.example' });
    await settle(() => isWell() && serialsDiffer('requirer/0', before) && issuer('requirer/0') === 'CN=other.example');
    const after = await inService('requirer/0', 'apiserver');
    expect(await verify(after)).toMatch(/: OK$/m);
    expect(await standing('requirer/0', 'apiserver')).toMatchObject({
      authority: after.authority,
      formerAuthority: before.authority,
    });
  });

  it('follow a new leader, which has the key of the application without asking anew', async () => {
    const [old, next] = leader() === 'requirer/0' ? ['requirer/0', 'requirer/1'] : ['requirer/1', 'requirer/0'];
    const before = await inService(old, 'cluster-ca');
    const bag = model.applicationBag('requirer', 'certificates');
    await model.moveLeadership(next);
    await settle(() => isWell() && leader() === next && existsSync(serviceFile(next, 'cluster-ca')));
    expect(await inService(next, 'cluster-ca')).toMatchObject({ key: before.key, certificate: before.certificate });
    expect(model.applicationBag('requirer', 'certificates')).toEqual(bag);
  });

  it('change with what is wished, each on its own', async () => {
    const authority = await inService(leader(), 'cluster-ca');
    const before = await inService('requirer/0', 'apiserver');
    const wish = newWish({ ...SERVING, sans: ['0:0:0:0:0:0:0:1', 'k8s.example', 'K8S.example', '10.0.0.5'] });
    await model.configure('requirer', { wishes: JSON.stringify([wish, AUTHORITY]) });
    await settle(() => isWell() && serialsDiffer('requirer/0', before));
    const after = await inService('requirer/0', 'apiserver');
    expect(after.parsed.subjectAltName).toContain('IP Address:0:0:0:0:0:0:0:1');
    expect(after.key).toBe(before.key);
    expect((await inService(leader(), 'cluster-ca')).certificate).toBe(authority.certificate);
    const asked = requests('requirer/0');
    model.updateStatus();
    await settle(isWell);
    expect(requests('requirer/0')).toEqual(asked);
    expect(secrets('tls-certificate')).toHaveLength(3);
  });

  it('serve on when the integration ends, and come from another provider when there is one', async () => {
    const before = await inService('requirer/0', 'apiserver');
    await killed('requirer/0', 16, async () => {
      await model.removeRelation('requirer', 'ca');
      await settle(() => message('requirer/0').startsWith('blocked: Integrate certificates'));
    });
    expect(message('requirer/0')).toMatch(/^blocked: Integrate .*: juju integrate requirer:certificates </);
    expect(secrets('tls-')).toEqual([]);
    expect((await inService('requirer/0', 'apiserver')).certificate).toBe(before.certificate);
    await model.deploy(ca, { application: 'successor', config: { 'ca-common-name': 'successor.example' } });
    await model.integrate('requirer', 'successor');
    await settle(() => isWell() && issuer('requirer/0') === 'CN=successor.example');
    const after = await inService('requirer/0', 'apiserver');
    expect(after.key).not.toBe(before.key);
    expect(await standing('requirer/0', 'apiserver')).toMatchObject({ formerAuthority: before.authority });
    expect(secrets('tls-certificate')).toHaveLength(3);
  });

  it('that a provider like vault does not issue are named, with the remedy', async () => {
    const kubelet = newWish({
      id: 'kubelet',
      subject: { commonName: 'system:node:a', organization: 'system:nodes' },
      sans: ['a'],
      key: SERVING.key,
    });
    const front = newWish({
      id: 'front',
      subject: { commonName: 'f', organization: 'o' },
      sans: ['f'],
      key: SERVING.key,
    });
    await model.configure('successor', { mode: 'vault' });
    await settle();
    await model.configure('requirer', {
      wishes: JSON.stringify([SERVING, kubelet, front, newAuthorityWish('new-ca')]),
    });
    await settle(() => message(leader()).startsWith('blocked'));
    const told = await Promise.all(['apiserver', 'kubelet', 'front', 'new-ca'].map((id) => standing(leader(), id)));
    expect(told).toMatchObject([
      { state: 'refused', why: 'lacks-names', detail: '10.0.0.5' },
      { state: 'denied', code: 102 },
      { state: 'refused', why: 'lacks-subject' },
      { state: 'refused', why: 'no-authority' },
    ]);
  });
});
