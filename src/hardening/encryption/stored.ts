/**
 * What Secrets are under where they lie, in the datastore itself: read from etcd with the API server's own certificate, over the JSON gateway
 * that etcd serves on its client port (https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/). Nothing of a value but its first bytes is
 * looked at, and none is kept.
 */

import type { Host } from '../../host/host.ts';
import { storedUnder } from './configuration.ts';

export interface EtcdArguments {
  /** `--etcd-servers`, … of the API server. */
  readonly [flag: string]: string | undefined;
}

/** How many Secrets are under what: `aesgcm:2`, `identity` for those that are not encrypted; of the first ones only. */
export interface StoredSecrets {
  readonly under: Readonly<Record<string, number>>;
  /** Of how many there are. */
  readonly total: number;
}

/** Enough to see that some are left out; small enough to be read at once. */
const MOST = 200;
const TIMEOUT_MS = 10_000;

/** @param flags of the API server. @returns why it cannot be told, as the end of a sentence, where it cannot. */
export async function readStoredSecrets(host: Host, flags: EtcdArguments): Promise<StoredSecrets | string> {
  const server = serverOf(flags);
  if (server === undefined) return 'kube-apiserver names no datastore';
  const [authority, certificate, key] = await Promise.all(
    ['--etcd-cafile', '--etcd-certfile', '--etcd-keyfile'].map(async (flag) => {
      const path = flags[flag];
      return path === undefined ? undefined : host.files.read(path);
    }),
  );
  if (authority === undefined || certificate === undefined || key === undefined)
    return 'the certificates with which kube-apiserver reaches the datastore cannot be read';
  const prefix = `${flags['--etcd-prefix'] ?? '/registry'}/secrets/`;
  const answer = await host.postJson({
    url: new URL('/v3/kv/range', server).href,
    authority,
    certificate,
    key,
    body: { key: base64(prefix), range_end: base64(successor(prefix)), limit: String(MOST) },
    timeoutMs: TIMEOUT_MS,
  });
  return isRange(answer) ? summarise(answer) : 'the datastore does not answer on its JSON gateway';
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

interface Range {
  readonly kvs?: readonly { readonly value: string }[];
  readonly count?: string;
}

/** Without any, both are left out. */
function isRange(value: unknown): value is Range {
  if (typeof value !== 'object' || value === null || !('header' in value)) return false;
  const { kvs = [] } = value as { kvs?: unknown };
  return Array.isArray(kvs) && kvs.every((one) => typeof (one as { value?: unknown }).value === 'string');
}

function summarise({ kvs = [], count = '0' }: Range): StoredSecrets {
  const under: Record<string, number> = {};
  for (const { value } of kvs) {
    // The prefix with provider and key is shorter than that.
    const cipher = storedUnder(Buffer.from(value.slice(0, 88), 'base64').toString('latin1'));
    under[cipher] = (under[cipher] ?? 0) + 1;
  }
  return { under, total: Number(count) };
}

/** The first key behind all that begin with the prefix. */
function successor(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
