/**
 * Guards the heap of a unit against what tenants and nodes can put into the API: metadata as large as Kubernetes takes it, and more. The
 * program runs with the heap that the packed charm has.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Gathering, ListedObject } from '../../../src/clients/kubernetes/kubernetes.ts';
import { LONGEST_ANSWER } from '../../../src/clients/kubernetes/transport.ts';
import { administrator } from './administrator.ts';
import { type Asked, answer, apiServer, kubeconfig } from './api-server.ts';
import { type Authority, type Issued, newAuthority } from './authority.ts';

const COUNT = 400;
/** The most that Kubernetes takes of annotations. */
const ANNOTATIONS = 256 * 1024;

/** A list in pages, of objects that are as large as a test wants them; only as much of it is made as is read. */
async function largePage(
  { path }: Asked,
  response: ServerResponse,
  { count = COUNT, sizeOf = (_: number) => ANNOTATIONS, kind = 'PodList' } = {},
): Promise<void> {
  const query = new URL(path, 'https://localhost').searchParams;
  const start = Number(query.get('continue') ?? 0);
  const end = Math.min(count, start + Number(query.get('limit')));
  const metadata = { resourceVersion: '1', ...(end < count ? { continue: String(end) } : {}) };
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.on('error', () => undefined);
  response.write(`{"kind":"${kind}","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[`);
  response.setMaxListeners(0);
  for (let index = start; index < end && !response.destroyed; index += 1) {
    const name = `x${index}`;
    const annotations = { a: 'a'.repeat(sizeOf(index)) };
    const item = { metadata: { name, namespace: 't', uid: `u${index}`, resourceVersion: '1', annotations } };
    const more = response.write(`${index > start ? ',' : ''}${JSON.stringify(item)}`);
    if (!more) await Promise.race(['drain', 'close'].map((event) => new Promise((done) => response.once(event, done))));
  }
  response.end(']}');
}

function names(): Gathering<ListedObject, string[]> {
  const result: string[] = [];
  return { result, add: ({ metadata }) => result.push(metadata.name) };
}

const PODS = { group: '', version: 'v1', resource: 'pods' };
const speaking = administrator({ timeoutMs: 60_000 });

describe('a list of large objects', { timeout: 120_000 }, () => {
  it.each<[string, (index: number) => number, number?]>([
    ['all of them', () => ANNOTATIONS, 203],
    ['the first one', (index) => (index === 0 ? 1_500_000 : 10)],
    ['one behind the first page', (index) => (index > 510 && index < 540 ? 1_500_000 : 10)],
    ['now and then one', (index) => (index % 17 === 0 ? 1_000_000 : 1_000)],
  ])('is read whole, each object once, in pages that are small enough: %s', async (_what, sizeOf, count = 703) => {
    const { kubernetes } = await speaking((asked, response) => void largePage(asked, response, { count, sizeOf }));
    expect(await kubernetes.list(PODS, names)).toEqual(Array.from({ length: count }, (_, index) => `x${index}`));
  });

  it('of which there is more than was asked for is given up', async () => {
    const { server, kubernetes } = await speaking((asked, response) => void largePage(asked, response));
    const most = 40 * 1024 * 1024;
    await expect(kubernetes.list({ ...PODS, most }, names)).rejects.toMatchObject({
      reason: 'TooLarge',
      message: `GET /api/v1/pods: the list has more than ${most} characters`,
    });
    expect(server.asked.length).toBeLessThan(8);
  });

  it('of which a single one is larger than any can be is refused, not read', async () => {
    const sizeOf = (index: number) => (index === 3 ? LONGEST_ANSWER + 1 : 10);
    const { kubernetes } = await speaking((asked, response) => void largePage(asked, response, { count: 9, sizeOf }));
    await expect(kubernetes.list(PODS, names)).rejects.toMatchObject({ reason: 'TooLarge' });
  });

  it.each([
    ['node', '/api/v1/nodes/a'],
    ['certificateRequest', '/apis/certificates.k8s.io/v1/certificatesigningrequests/a'],
  ] as const)('a %s that is too large is refused, not read', async (question, path) => {
    const { kubernetes } = await speaking((_asked, response) =>
      answer(response, { metadata: { name: 'a', annotations: { a: 'a'.repeat(LONGEST_ANSWER) } } }),
    );
    await expect(kubernetes[question]('a')).rejects.toMatchObject({
      reason: 'TooLarge',
      message: `GET ${path}: the answer has more than ${LONGEST_ANSWER} characters`,
    });
  });
});

it('what an API server says when it refuses comes as one short line', async () => {
  const message = `admission webhook "x" denied the request: \n2026-12-01 forged line\u001b[2J${'z'.repeat(9_000)}`;
  const { kubernetes } = await speaking((_asked, response) =>
    answer(response, { kind: 'Status', status: 'Failure', reason: 'Forbidden', message, code: 403 }, 403),
  );
  const error = (await kubernetes.node('a').catch((caught: unknown) => caught)) as Error;
  expect(error.message).toMatch(/^admission webhook "x" denied the request: {2}2026-12-01 forged line \[2Jz+…$/);
  expect(error.message.length).toBe(501);
});

describe('with the heap of a packed charm', { timeout: 120_000 }, () => {
  let authority: Authority;
  let admin: Issued;
  let heap: string;
  beforeAll(async () => {
    authority = await newAuthority();
    admin = await authority.client('kubernetes-admin', 'system:masters');
    const shim = await readFile(new URL('../../../charm/dispatch', import.meta.url), 'utf8');
    heap = /--max-old-space-size=\d+/.exec(shim)?.[0] ?? '';
    expect(heap).not.toBe('');
  });

  it.each([
    [
      'Secrets',
      `(await k.secretPage({ limit: 500, after: undefined })).secrets.length > 0`,
      'PartialObjectMetadataList',
    ],
    ['pods', `(await k.unreadyPods('kube-system')).total === ${COUNT}`, 'PodList'],
    ['nodes', `(await k.nodes()).length === ${COUNT}`, 'NodeList'],
  ])('%s with 100 MB of annotations are looked at', async (_what, expression, kind) => {
    const server = await apiServer(authority, (asked, response) => void largePage(asked, response, { kind }));
    const folder = await mkdtemp(join(tmpdir(), 'kl-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const module = (path: string) => JSON.stringify(new URL(`../../../${path}`, import.meta.url).href);
    await writeFile(join(folder, 'admin.conf'), kubeconfig(server.url, authority.intermediate, admin));
    await writeFile(
      join(folder, 'ask.ts'),
      `import { registerSchemaValidators } from ${module('scripts/schema-validators-in-node.ts')};
import { readFileSync } from 'node:fs';
registerSchemaValidators();
const { openKubernetes } = await import(${module('src/clients/kubernetes/open-kubernetes.ts')});
const k = await openKubernetes(readFileSync(${JSON.stringify(join(folder, 'admin.conf'))}, 'utf8'), { timeoutMs: 60_000 });
const done = ${expression};
console.log(done, Math.round(process.resourceUsage().maxRSS / 1024));
`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [heap, join(folder, 'ask.ts')]);
    const [done, megabytes] = stdout.trim().split(' ');
    expect(done).toBe('true');
    expect(Number(megabytes)).toBeLessThan(350);
  });
});
