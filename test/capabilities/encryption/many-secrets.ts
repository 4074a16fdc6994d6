/**
 * A program: a leader rewrites 60,000 Secrets through the charm's own client, against the stand-in's API server and etcd in the same process, so
 * that both of them share the heap that a packed charm has alone. Each dispatch begins with what the one before has left in the unit state;
 * between them etcd is compacted, so that no list's token is good for longer than a dispatch. Prints what it took, in JSON.
 */

import { randomBytes } from 'node:crypto';
import { registerSchemaValidators } from '../../../scripts/schema-validators-in-node.ts';

registerSchemaValidators();
const { EncryptionFailed } = await import('../../../src/capabilities/encryption/outcome.ts');
const { rewriteSecrets } = await import('../../../src/capabilities/encryption/rewrite.ts');
const { begun, bornWith, advanced, configurationOf } = await import('../../../src/capabilities/encryption/rollout.ts');
const { rewriteSecret, secretPage, storedSecret } = await import('../../../src/clients/kubernetes/stored-secrets.ts');
const { Api, ApiError } = await import('../../standins/machines/kubernetes/api.ts');
const { loadConfiguration } = await import('../../standins/machines/kubernetes/encryption.ts');
const { etcdKey } = await import('../../standins/machines/kubernetes/store.ts');
const { rangeOf } = await import('../../standins/machines/node/etcd.ts');
const { memoryState } = await import('../hardening/state.ts');

type Clients = Parameters<typeof rewriteSecrets>[0];
type Send = Parameters<typeof rewriteSecret>[0]['send'];

const COUNT = 60_000;
/** What a rewrite costs on a cluster that has other things to do. */
const WRITE_MS = 6;
const MOST_DISPATCHES = 40;
const ADMIN = { username: 'admin', groups: ['system:masters'] };
const DATASTORE = {
  '--etcd-servers': 'https://127.0.0.1:2379',
  '--etcd-cafile': '/a',
  '--etcd-certfile': '/b',
  '--etcd-keyfile': '/c',
};

const start = new Date('2026-12-01T00:00:00Z');
const keys = new Map([1, 2].map((number) => [number, randomBytes(32).toString('base64')]));
let rollout = must(bornWith({ provider: 'aesgcm', key: 1 }, 'secret:keys', keys, start));
const before = loadConfiguration(must(configurationOf(rollout, keys))).codec;
rollout = must(begun(rollout, { provider: 'aesgcm', key: 2 }, 'secret:keys', keys, start));
while (rollout.phase !== 'rewrite') rollout = must(advanced(rollout, keys, start));
const { codec } = loadConfiguration(must(configurationOf(rollout, keys)));

const kubernetes = {
  resourceVersion: COUNT,
  objects: {},
  secrets: {} as Record<string, string>,
  heartbeats: {},
  deletedNodes: {},
};
const api = new Api({} as never, { kubernetes } as never);
for (let index = 0; index < COUNT; index += 1) {
  const [namespace, name] = [`team-${index % 97}`, `secret-${index}`];
  const path = `/secrets/${namespace}/${name}`;
  const metadata = {
    name,
    namespace,
    uid: `u${index}`,
    resourceVersion: String(index),
    creationTimestamp: start.toISOString(),
  };
  const object = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'Opaque', data: { password: 'cGFzc3dvcmQ=' } };
  kubernetes.secrets[path] = before.seal(etcdKey(path), Buffer.from(JSON.stringify(object))).toString('base64');
}

let nowMs = start.getTime() + 60_000;
const asked = { lists: 0, writes: 0, expired: 0 };
/** Of answers, in characters. */
let longest = 0;

/** The wire without its sockets. */
const send: Send = async ({ method, url, headers, body, take }) => {
  const { pathname, searchParams } = new URL(url);
  if (method === 'PATCH') {
    asked.writes += 1;
    nowMs += WRITE_MS;
  } else asked.lists += 1;
  try {
    const answer = await api.handle({
      user: ADMIN,
      method,
      path: pathname,
      query: searchParams,
      accept: headers['Accept'],
      contentType: headers['Content-Type'],
      codec,
      ...(body === undefined ? {} : { body }),
    });
    const text = JSON.stringify(answer.body);
    longest = Math.max(longest, text.length);
    take?.(text);
    return { status: answer.status, headers: {}, text: take === undefined ? text : '' };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === 410) asked.expired += 1;
    return { status: error.code, headers: {}, text: JSON.stringify(error.status()) };
  }
};
const client = { server: new URL('https://127.0.0.1:6443'), send };
const door = {
  ready: async () => true,
  secretPage: (page: Parameters<typeof secretPage>[1]) => secretPage(client, page),
  storedSecret: (name: Parameters<typeof storedSecret>[1]) => storedSecret(client, name),
  rewriteSecret: (secret: Parameters<typeof rewriteSecret>[1]) => rewriteSecret(client, secret),
};
const host = {
  now: () => new Date(nowMs),
  sleep: async (ms: number) => {
    nowMs += ms;
  },
  files: { read: async () => 'PEM' },
  postJson: async ({ body }: { readonly body: unknown }) => rangeOf(kubernetes.secrets, body),
};

let kept: Readonly<Record<string, string>> = {};
let dispatches = 0;
for (let done = false; !done; dispatches += 1) {
  if (dispatches === MOST_DISPATCHES) throw new Error('it comes to no end');
  const state = memoryState(kept);
  const clients = { juju: { state, log: { warning: console.error } }, host, kubernetes: async () => door };
  try {
    const unopened = await rewriteSecrets(clients as unknown as Clients, rollout, DATASTORE);
    if (unopened !== undefined) throw new Error(`not all can be opened: ${unopened.ciphers.join()}`);
    done = true;
  } catch (error) {
    if (!(error instanceof EncryptionFailed)) throw error;
  }
  // As Juju has it: the unit state is text, and no longer than it takes.
  kept = state.all();
  for (const value of Object.values(kept))
    if (value.length > 64 * 1024) throw new Error('Juju would not take the state');
  nowMs += 300_000;
  api.store.compact();
}

const left = Object.entries(kubernetes.secrets).filter(
  ([, value]) => !Buffer.from(value.slice(0, 88), 'base64').toString('latin1').startsWith('k8s:enc:aesgcm:v1:key2:'),
);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    secrets: COUNT,
    left: left.length,
    dispatches,
    ...asked,
    longest,
    virtualMinutes: Math.round((nowMs - start.getTime()) / 60_000),
    cpuSeconds: Math.round((userCPUTime + systemCPUTime) / 1e6),
    megabytes: Math.round(maxRSS / 1024),
  }),
);

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('it is not there');
  return value;
}
