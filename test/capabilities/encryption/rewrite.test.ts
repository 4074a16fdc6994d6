/**
 * Guards that every Secret is written anew, once, whatever happens on the way: tokens that expire, dispatches that end, Secrets that cannot be
 * written; and that no previous key is given up before the datastore has been looked at, all of it.
 */

import { describe, expect, it } from 'vitest';
import type { Clients } from '../../../src/capabilities/encryption/clients.ts';
import { EncryptionFailed } from '../../../src/capabilities/encryption/outcome.ts';
import { rewriteSecrets } from '../../../src/capabilities/encryption/rewrite.ts';
import { ExpiredError, KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import type { SecretName, StoredSecret } from '../../../src/clients/kubernetes/kubernetes.ts';
import { rangeOf } from '../../standins/machines/node/etcd.ts';
import { memoryState } from '../hardening/state.ts';
import { moving, NOW } from './facts.ts';

const DATASTORE = {
  '--etcd-servers': 'https://127.0.0.1:2379',
  '--etcd-cafile': '/a',
  '--etcd-certfile': '/b',
  '--etcd-keyfile': '/c',
};
/** From aesgcm:1 to aescbc:2. */
const ROLLOUT = moving('rewrite');

/** A cluster's Secrets by what they are under, an API server in front of them, and a leader's dispatches. */
class Cluster {
  readonly under = new Map<string, string>();
  readonly writes = new Map<string, number>();
  readonly refuses = new Map<string, () => KubernetesError>();
  readonly state = memoryState();
  nowMs = NOW.getTime() + 60_000;
  /** A write takes so long. */
  writeMs = 0;
  /** A token lives so long; `next` is whether the API server says how to go on then. */
  token: { lifeMs: number; next: boolean } = { lifeMs: Number.POSITIVE_INFINITY, next: true };
  lists = 0;
  ready = true;
  gateway = true;
  /** What the datastore itself has besides. */
  readonly besides: Record<string, string> = {};

  constructor(count: number, namespace = 'ci') {
    for (let index = 0; index < count; index += 1)
      this.under.set(`${namespace}/s${String(index).padStart(5, '0')}`, 'aesgcm:v1:key1');
  }

  get left(): readonly string[] {
    return [...this.under].flatMap(([path, cipher]) => (cipher === 'aescbc:v1:key2' ? [] : [path]));
  }

  /** @returns how it ended: undefined when all is done. */
  async dispatch(): Promise<EncryptionFailed | object | undefined> {
    const warnings: string[] = [];
    const host = {
      now: () => new Date(this.nowMs),
      sleep: async (ms: number) => {
        this.nowMs += ms;
      },
      files: { read: async () => 'PEM' },
      postJson: async ({ body }: { body: unknown }) => (this.gateway ? rangeOf(this.#stored(), body) : undefined),
    };
    const log = { warning: (text: string) => void warnings.push(text) };
    const clients = {
      juju: { state: this.state, log },
      host,
      kubernetes: async () => this.#api(),
    } as unknown as Clients;
    return rewriteSecrets(clients, ROLLOUT, DATASTORE).catch((error: unknown) => {
      if (!(error instanceof EncryptionFailed)) throw error;
      return error;
    });
  }

  #stored(): Record<string, string> {
    const values = [...this.under].map(([path, cipher]) => [`/secrets/${path}`, `k8s:enc:${cipher}:value`] as const);
    return Object.fromEntries(
      [...values, ...Object.entries(this.besides)].map(([path, value]) => [
        path,
        Buffer.from(value).toString('base64'),
      ]),
    );
  }

  #secret(path: string): StoredSecret {
    const [namespace = '', name = ''] = path.split('/');
    return { namespace, name, uid: 'u', resourceVersion: '1' };
  }

  #api() {
    return {
      secretPage: async ({ limit, after }: { limit: number; after: string | undefined }) => {
        this.lists += 1;
        const [bornMs = String(this.nowMs), start = ''] = after?.split(' ') ?? [];
        if (this.nowMs - Number(bornMs) > this.token.lifeMs) {
          if (!this.token.next) throw new ExpiredError('too old', undefined);
          return this.#page(limit, this.nowMs, start);
        }
        return this.#page(limit, Number(bornMs), start);
      },
      ready: async () => this.ready,
      storedSecret: async ({ namespace, name }: SecretName) =>
        this.under.has(`${namespace}/${name}`) ? this.#secret(`${namespace}/${name}`) : undefined,
      rewriteSecret: async ({ namespace, name }: SecretName) => {
        const path = `${namespace}/${name}`;
        this.nowMs += this.writeMs;
        this.writes.set(path, (this.writes.get(path) ?? 0) + 1);
        const refusal = this.refuses.get(path);
        if (refusal !== undefined) throw refusal();
        if (this.under.has(path)) this.under.set(path, 'aescbc:v1:key2');
      },
    };
  }

  #page(limit: number, bornMs: number, start: string) {
    const all = [...this.under.keys()].sort();
    const from = start === '' ? 0 : all.findIndex((path) => path > start);
    const page = from === -1 ? [] : all.slice(from, from + limit);
    const more = from !== -1 && from + limit < all.length;
    return {
      secrets: page.map((path) => this.#secret(path)),
      next: more ? `${bornMs} ${page.at(-1)}` : undefined,
    };
  }
}

function status(ended: unknown): string {
  if (!(ended instanceof EncryptionFailed)) throw new Error(`it is done: ${JSON.stringify(ended)}`);
  return `${ended.status.status}: ${ended.message}`;
}

const forbidden = () =>
  new KubernetesError(
    403,
    'Forbidden',
    'admission webhook "validate.example.com" denied the request: owner is required',
  );
const hookDown = () =>
  new KubernetesError(500, 'InternalError', 'Internal error occurred: failed calling webhook "validate.example.com"');
const tooLarge = () => new KubernetesError(500, 'InternalError', 'etcdserver: request is too large');

describe('a Secret that cannot be written', () => {
  it.each([
    ['that a webhook refuses', forbidden, 'admission webhook "validate.example.com" denied the request'],
    ['whose webhook is down', hookDown, 'failed calling webhook'],
    ['that is too large', tooLarge, 'etcdserver: request is too large'],
    ['that is not valid any more', () => new KubernetesError(422, 'Invalid', 'data: Too long'), 'data: Too long'],
  ])('%s is named, and all others are written once', async (_what, refusal, why) => {
    const cluster = new Cluster(1_030);
    cluster.refuses.set('ci/s00003', refusal);
    for (let dispatch = 0; dispatch < 5; dispatch += 1) {
      const told = status(await cluster.dispatch());
      expect(told).toMatch(
        /^blocked: Moving Secrets from aesgcm to key 2 \(aescbc\): step 3 of 4, .* 1 Secret cannot be written: ci\/s00003 \(/,
      );
      expect(told).toContain(why);
      expect(told.length).toBeLessThan(500);
    }
    expect(cluster.left).toEqual(['ci/s00003']);
    const others = [...cluster.writes].filter(([path]) => path !== 'ci/s00003');
    expect(others.length).toBe(1_029);
    expect(new Set(others.map(([, times]) => times))).toEqual(new Set([1]));
    expect(cluster.lists).toBe(3);
    cluster.refuses.clear();
    expect(await cluster.dispatch()).toBeUndefined();
    expect([cluster.left, cluster.lists]).toEqual([[], 3]);
  });

  it('and is deleted by its owner holds nothing up any more', async () => {
    const cluster = new Cluster(10);
    cluster.refuses.set('ci/s00003', forbidden);
    expect(status(await cluster.dispatch())).toMatch(/^blocked/);
    cluster.under.delete('ci/s00003');
    expect(await cluster.dispatch()).toBeUndefined();
  });

  it('like all others ends in a few questions, not in one for each of them', async () => {
    const cluster = new Cluster(2_000);
    for (const path of cluster.under.keys()) cluster.refuses.set(path, forbidden);
    for (let dispatch = 0; dispatch < 3; dispatch += 1)
      expect(status(await cluster.dispatch())).toMatch(
        /^blocked: .* at least \d+ Secrets cannot be written: ci\/s00000, ci\/s00001, ci\/s00002 and \d+ more/,
      );
    expect([...cluster.writes.values()].reduce((sum, times) => sum + times, 0)).toBeLessThan(150);
    cluster.refuses.clear();
    expect(await cluster.dispatch()).toBeUndefined();
    expect(cluster.left).toEqual([]);
  });

  it.each([
    [0, 'Unreachable'],
    [401, 'Unauthorized'],
    [429, 'TooManyRequests'],
    [503, 'ServiceUnavailable'],
  ])('because the API server does not answer (%i) is no matter of the Secret', async (code, reason) => {
    const cluster = new Cluster(10);
    cluster.ready = false;
    cluster.refuses.set('ci/s00003', () => new KubernetesError(code, reason, 'not now'));
    for (let dispatch = 0; dispatch < 3; dispatch += 1)
      expect(status(await cluster.dispatch())).toMatch(/^waiting: .*not now/);
    cluster.refuses.clear();
    expect(await cluster.dispatch()).toBeUndefined();
    expect([cluster.writes.get('ci/s00002'), cluster.writes.get('ci/s00004')]).toEqual([1, 1]);
  });

  it('because its webhook never answers is named, though the request runs out of time', async () => {
    const cluster = new Cluster(10);
    const late = () => new KubernetesError(0, 'Unreachable', 'PATCH /api/v1/…: no answer within 15000 ms');
    cluster.refuses.set('ci/s00003', late);
    expect(status(await cluster.dispatch())).toMatch(
      /^blocked: .*1 Secret cannot be written: ci\/s00003 \(.*no answer/,
    );
    expect(cluster.left).toEqual(['ci/s00003']);
  });
});

describe('progress', () => {
  it.each([
    ['goes on where the API server says', true],
    ['begins the list anew, and writes none twice, where it does not', false],
  ])('when tokens expire between dispatches %s', async (_what, next) => {
    const cluster = new Cluster(5_000);
    cluster.writeMs = 100;
    cluster.token = { lifeMs: 60_000, next };
    let dispatches = 0;
    for (let ended: unknown = ''; ended !== undefined; dispatches += 1) {
      if (dispatches > 10) expect.fail('it comes to no end');
      ended = await cluster.dispatch();
      cluster.nowMs += 300_000;
    }
    expect(cluster.left).toEqual([]);
    expect(new Set(cluster.writes.values())).toEqual(new Set([1]));
  });

  it('is told apart from standing still, so that what only takes its time is not reported as stuck', async () => {
    const cluster = new Cluster(5_000);
    cluster.writeMs = 100;
    const ends = [await cluster.dispatch(), await cluster.dispatch()] as EncryptionFailed[];
    expect(ends.map((ended) => ended.status.status)).toEqual(['waiting', 'waiting']);
    expect(new Set(ends.map(({ progress }) => progress)).size).toBe(2);
    cluster.ready = false;
    for (const path of cluster.left)
      cluster.refuses.set(path, () => new KubernetesError(503, 'ServiceUnavailable', 'not now'));
    expect(await cluster.dispatch()).toMatchObject({ status: { status: 'waiting' }, progress: undefined });
  });

  it('is kept by nobody else: another leader writes them once more, and it ends', async () => {
    const cluster = new Cluster(3_000);
    cluster.writeMs = 100;
    expect(status(await cluster.dispatch())).toMatch(/^waiting: .*\d+ done/);
    for (const key of Object.keys(cluster.state.all())) cluster.state.set(key, undefined);
    let ended: unknown = '';
    for (let dispatch = 0; dispatch < 5 && ended !== undefined; dispatch += 1) ended = await cluster.dispatch();
    expect([ended, cluster.left]).toEqual([undefined, []]);
  });

  it.each([
    '',
    'null',
    '[]',
    '{"step":3,"after":"x","done":7}',
    '{"step":3,"stage":"verify","refused":[{"name":{}}],"verified":7}',
  ])('that is not what this version writes (%s) is none', async (text) => {
    const cluster = new Cluster(10);
    cluster.state.set('encryption/rewrite', text);
    expect(await cluster.dispatch()).toBeUndefined();
    expect(cluster.left).toEqual([]);
  });
});

describe('before the previous key is given up', () => {
  it('the last write with it has come to etcd', async () => {
    const cluster = new Cluster(1);
    cluster.nowMs = NOW.getTime() + 5_000;
    expect(await cluster.dispatch()).toBeUndefined();
    // etcd 3.6 gives up after 7 s what it has been asked to write, with its default election timeout of a second.
    expect(cluster.nowMs).toBeGreaterThanOrEqual(NOW.getTime() + 10_000);
  });

  it('all values are looked at, and one that was missed is written', async () => {
    const cluster = new Cluster(3_000);
    expect(await cluster.dispatch()).toBeUndefined();
    cluster.state.set(
      'encryption/rewrite',
      JSON.stringify({ step: ROLLOUT.step, stage: 'verify', refused: [], done: 0 }),
    );
    cluster.under.set('ci/s02999', 'aesgcm:v1:key1');
    expect(await cluster.dispatch()).toBeUndefined();
    expect(cluster.left).toEqual([]);
  });

  it.each([
    ['another key', 'k8s:enc:aesgcm:v1:key9:x', 'aesgcm:9'],
    ['another provider', 'k8s:enc:kms:v2:x', 'kms'],
    ['no key', '{"kind":"Secret"}', 'identity'],
  ])('one under %s, which nobody reads, is found however far behind it lies', async (_what, value, cipher) => {
    const cluster = new Cluster(3_000);
    cluster.besides['/secrets/zz/lost'] = value;
    expect(await cluster.dispatch()).toMatchObject({
      ciphers: [cipher],
      stored: { total: 3_001, names: { [cipher]: [{ namespace: 'zz', name: 'lost' }] } },
    });
    delete cluster.besides['/secrets/zz/lost'];
    expect(await cluster.dispatch()).toBeUndefined();
  });

  it('one that makes every list fail is found in the datastore', async () => {
    const cluster = new Cluster(10);
    cluster.besides['/secrets/zz/lost'] = 'k8s:enc:aesgcm:v1:key9:x';
    cluster.ready = false;
    cluster.refuses.set('ci/s00000', () => new KubernetesError(0, 'Unreachable', 'no'));
    expect(await cluster.dispatch()).toMatchObject({ ciphers: ['aesgcm:9'] });
  });

  it('a datastore that does not answer is waited for, an hour and no longer', async () => {
    const cluster = new Cluster(10);
    cluster.gateway = false;
    expect(status(await cluster.dispatch())).toMatch(/^waiting: .*the datastore does not answer on its JSON gateway/);
    cluster.nowMs += 3_600_000;
    expect(await cluster.dispatch()).toBeUndefined();
  });

  it('that hour begins with the first silence, however long the Secrets have taken', async () => {
    const cluster = new Cluster(10);
    cluster.nowMs += 7_200_000;
    cluster.gateway = false;
    expect(status(await cluster.dispatch())).toMatch(/^waiting: .*the datastore does not answer on its JSON gateway/);
    cluster.nowMs += 300_000;
    cluster.gateway = true;
    cluster.under.set('ci/s00009', 'aesgcm:v1:key1');
    expect(await cluster.dispatch()).toBeUndefined();
    expect(cluster.left).toEqual([]);
  });
});
