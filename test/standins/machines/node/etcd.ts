/**
 * etcd, as far as it can be met from outside: to clients that its CA knows it answers health checks on port 2379, and tells over its
 * JSON gateway what lies under the keys of Secrets.
 */

import { createServer } from 'node:https';
import { type Answer, type Exchange, listener, listenOnPort } from '../http/server.ts';
import { at, parseJson } from '../json.ts';
import { etcdKey } from '../kubernetes/store.ts';
import type { NodeMachine } from './machine.ts';
import type { Arguments, Stop } from './services.ts';

export async function startEtcd(machine: NodeMachine, values: Arguments): Promise<Stop> {
  await writeData(machine, values['--data-dir'] ?? '');
  const url = new URL((values['--listen-client-urls'] ?? '').split(',')[0] ?? '');
  const server = createServer(
    {
      cert: await machine.files.need(values['--cert-file'] ?? ''),
      key: await machine.files.need(values['--key-file'] ?? ''),
      ca: await machine.files.need(values['--trusted-ca-file'] ?? ''),
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: values['--tls-min-version'] === 'TLS1.3' ? 'TLSv1.3' : 'TLSv1.2',
    },
    listener({
      name: 'etcd',
      observe: machine.observe,
      onFailure: machine.site.fail,
      handle: async (exchange) => {
        const { path } = exchange;
        if (path === '/health') return { status: 200, body: '{"health":"true","reason":""}' };
        if (path === '/version')
          return { status: 200, body: '{"etcdserver":"3.6.13","etcdcluster":"3.6.0","storage":"3.6.0"}' };
        if (path === '/v3/kv/range' && exchange.method === 'POST') return range(machine, exchange);
        return { status: 404, body: '404 page not found\n' };
      },
    }),
  );
  const listening = await listenOnPort(server, machine.address, Number(url.port));
  return () => listening.close();
}

/** Keys from `key` up to, and without, `range_end`; keys and values in base64, numbers as text, as the gateway has it. */
function range(machine: NodeMachine, { body }: Exchange): Answer {
  const cluster = machine.state.k8sd.member?.cluster;
  const secrets = cluster === undefined ? {} : machine.site.cluster(cluster).kubernetes.secrets;
  const answer = rangeOf(secrets, parseJson(body.toString('utf8')));
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(answer) };
}

/** The answer to a question for a range of what lies under the keys of Secrets. */
export function rangeOf(secrets: Readonly<Record<string, string>>, asked: unknown): object {
  const bytes = (name: string): string => Buffer.from(String(at(asked, name) ?? ''), 'base64').toString('utf8');
  const [from, end] = [bytes('key'), bytes('range_end')];
  const limit = Number(at(asked, 'limit') ?? 0);
  const found = Object.entries(secrets)
    .map(([path, value]) => [etcdKey(path), value] as const)
    .filter(([key]) => (end === '' ? key === from : key >= from && key < end))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const kvs = found
    .slice(0, limit > 0 ? limit : undefined)
    .map(([key, value]) => ({ key: Buffer.from(key).toString('base64'), value }));
  // As protobuf's JSON has it: what is empty, zero or false is left out.
  return {
    header: { revision: '1' },
    ...(kvs.length > 0 ? { kvs } : {}),
    ...(kvs.length < found.length ? { more: true } : {}),
    ...(found.length > 0 ? { count: String(found.length) } : {}),
  };
}

/** As etcd lays its data out, with the modes that it gives. */
async function writeData({ files }: NodeMachine, folder: string): Promise<void> {
  if (folder === '' || (await files.exists(`${folder}/member`))) return;
  await files.write(`${folder}/member/snap/db`, 'etcd\n', 0o600);
  await files.write(`${folder}/member/wal/0000000000000000-0000000000000000.wal`, 'etcd\n', 0o600);
}
