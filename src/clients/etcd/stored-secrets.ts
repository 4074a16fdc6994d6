/**
 * What Secrets are under where they lie, in the datastore itself: read from etcd with the API server's own certificate, over the JSON gateway
 * that etcd serves on its client port (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/). Nothing of a value but its first bytes is
 * looked at, and none is kept. In pages, each as large as memory allows.
 */

/** What is needed of the machine. A `postJson` whose answer is too large rejects with an error named `AnswerTooLarge`. */
export interface Machine {
  readonly files: { read(path: string): Promise<string | undefined> };
  postJson(question: JsonQuestion): Promise<unknown>;
  now(): Date;
}

interface JsonQuestion {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly body: unknown;
  readonly timeoutMs: number;
}

export interface EtcdArguments {
  /** `--etcd-servers`, … of the API server. */
  readonly [flag: string]: string | null | undefined;
}

export interface StoredName {
  readonly namespace: string;
  readonly name: string;
}

/** How many Secrets are under what: `aesgcm:2`, `identity` for those that are not encrypted. */
export interface StoredSecrets {
  readonly under: Readonly<Record<string, number>>;
  /** The first ones under each. */
  readonly names: Readonly<Record<string, readonly StoredName[]>>;
  /** Of how many there are. */
  readonly total: number;
  /** The last key that was looked at, where the time was over before all were. */
  readonly until: string | undefined;
}

export interface Looking {
  /** Begins behind this key: `until` of the look before. */
  readonly after?: string | undefined;
  /** For all of it. */
  readonly patienceMs: number;
  /** Names of how many to keep for each cipher. */
  readonly mostNames?: number;
}

/** Values that are asked for at a time. */
const PAGE = 500;
const TIMEOUT_MS = 10_000;
const MOST_NAMES = 5;
/** Ciphers that are told apart. Who writes into etcd can make up as many as he likes. */
const MOST_CIPHERS = 20;

/** @param flags of the API server. @returns why it cannot be told, as the end of a sentence, where it cannot. */
export async function readStoredSecrets(
  host: Machine,
  flags: EtcdArguments,
  { after, patienceMs, mostNames = MOST_NAMES }: Looking,
): Promise<StoredSecrets | string> {
  const server = serverOf(flags);
  if (server === undefined) return 'kube-apiserver names no datastore';
  const [authority, certificate, key] = await Promise.all(
    ['--etcd-cafile', '--etcd-certfile', '--etcd-keyfile'].map(async (flag) => {
      const path = flags[flag];
      return path ? host.files.read(path) : undefined;
    }),
  );
  if (authority === undefined || certificate === undefined || key === undefined)
    return 'the certificates with which kube-apiserver reaches the datastore cannot be read';
  const prefix = `${flags['--etcd-prefix'] || '/registry'}/secrets/`;
  const url = new URL('/v3/kv/range', server).href;
  const began = host.now().getTime();
  const found: Count = { under: {}, names: {} };
  let total: number | undefined;
  let from = after === undefined ? prefix : successor(after);
  for (let limit = PAGE; ; ) {
    const body = { key: base64(from), range_end: base64(prefixEnd(prefix)), limit: String(limit) };
    const answer = await ask(host, { url, authority, certificate, key, body, timeoutMs: TIMEOUT_MS });
    if (answer === 'too large' && limit > 1) {
      limit = Math.ceil(limit / 4);
      continue;
    }
    const range = rangeOf(answer);
    if (range === undefined) return 'the datastore does not answer on its JSON gateway';
    total ??= range.count;
    for (const { key: stored, value } of range.values) count(found, stored.slice(prefix.length), value, mostNames);
    const last = range.values.at(-1)?.key;
    const done = last === undefined || range.values.length >= range.count;
    if (done || host.now().getTime() - began > patienceMs) return { ...found, total, until: done ? undefined : last };
    from = successor(last);
  }
}

/** The snap's etcd serves on the node's address as it does on the loopback one (k8sd, `--listen-client-urls`). */
function serverOf(flags: EtcdArguments): string | undefined {
  const [first] = (flags['--etcd-servers'] ?? '').split(',');
  if (!first || !URL.canParse(first)) return undefined;
  const server = new URL(first);
  const address = flags['--advertise-address'];
  if (server.hostname === '127.0.0.1' && address) server.hostname = address.includes(':') ? `[${address}]` : address;
  return server.href;
}

async function ask(host: Machine, question: JsonQuestion): Promise<unknown> {
  try {
    return await host.postJson(question);
  } catch (error) {
    if (error instanceof Error && error.name === 'AnswerTooLarge') return 'too large';
    throw error;
  }
}

interface Range {
  readonly values: readonly { readonly key: string; readonly value: string }[];
  /** Of all keys from the first one on. */
  readonly count: number;
}

/** Keys and values are in base64, numbers are texts; without any, they are left out. */
function rangeOf(answer: unknown): Range | undefined {
  if (typeof answer !== 'object' || answer === null || !('header' in answer)) return undefined;
  const { kvs = [], count: text = '0' } = answer as { readonly kvs?: unknown; readonly count?: unknown };
  if (!Array.isArray(kvs) || typeof text !== 'string' || !/^\d{1,15}$/.test(text)) return undefined;
  const values = kvs.flatMap((one: unknown) => {
    if (typeof one !== 'object' || one === null || !('key' in one) || typeof one.key !== 'string') return [];
    // A value of no bytes is left out.
    const value = 'value' in one && typeof one.value === 'string' ? one.value : '';
    return [{ key: Buffer.from(one.key, 'base64').toString('utf8'), value }];
  });
  return values.length === kvs.length ? { values, count: Number(text) } : undefined;
}

interface Count {
  readonly under: Record<string, number>;
  readonly names: Record<string, StoredName[]>;
}

function count({ under, names }: Count, key: string, value: string, mostNames: number): void {
  // The prefix with provider and key is shorter than that.
  const told = storedUnder(Buffer.from(value.slice(0, 88), 'base64').toString('latin1'));
  const cipher = Object.hasOwn(under, told) || Object.keys(under).length < MOST_CIPHERS ? told : 'unknown';
  under[cipher] = (under[cipher] ?? 0) + 1;
  names[cipher] ??= [];
  const slash = key.indexOf('/');
  if (names[cipher].length < mostNames)
    names[cipher].push({ namespace: key.slice(0, Math.max(0, slash)), name: key.slice(slash + 1) });
}

/** The first key behind this one. */
function successor(key: string): string {
  return `${key}\0`;
}

/** The first key behind all that begin with the prefix. */
function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** `aesgcm:2` of a value in etcd, `identity` for one that is not encrypted, another text for what this charm does not write. */
export function storedUnder(value: string): string {
  if (!value.startsWith('k8s:enc:')) return 'identity';
  const [, provider, key] = /^k8s:enc:([a-z0-9]+):v\d+:(?:key([1-9]\d*):)?/.exec(value) ?? [];
  return `${provider ?? 'unknown'}${key === undefined ? '' : `:${key}`}`;
}
