/** etcd, as far as it can be met from outside: it answers health checks on port 2379 to clients that its CA knows. */

import { createServer } from 'node:https';
import { listener, listenOnPort } from '../http/server.ts';
import type { NodeMachine } from './machine.ts';
import type { Arguments, Stop } from './services.ts';

export async function startEtcd(machine: NodeMachine, values: Arguments): Promise<Stop> {
  const url = new URL((values['--listen-client-urls'] ?? '').split(',')[0] ?? '');
  const server = createServer(
    {
      cert: await machine.files.need(values['--cert-file'] ?? ''),
      key: await machine.files.need(values['--key-file'] ?? ''),
      ca: await machine.files.need(values['--trusted-ca-file'] ?? ''),
      requestCert: true,
      rejectUnauthorized: true,
    },
    listener({
      name: 'etcd',
      observe: machine.observe,
      onFailure: machine.site.fail,
      handle: async ({ path }) => {
        if (path === '/health') return { status: 200, body: '{"health":"true","reason":""}' };
        if (path === '/version')
          return { status: 200, body: '{"etcdserver":"3.6.13","etcdcluster":"3.6.0","storage":"3.6.0"}' };
        return { status: 404, body: '404 page not found\n' };
      },
    }),
  );
  const listening = await listenOnPort(server, machine.address, Number(url.port));
  return () => listening.close();
}
