/** k8s-apiserver-proxy: on workers, forwards connections to the API servers of the control planes. */

import { connect, createServer, type Socket } from 'node:net';
import { listenOnPort } from '../http/server.ts';
import { at } from '../json.ts';
import type { NodeMachine } from './machine.ts';
import type { Arguments, Stop } from './services.ts';

export async function startApiServerProxy(machine: NodeMachine, values: Arguments): Promise<Stop> {
  const endpoints: unknown = JSON.parse(await machine.files.need(values['--endpoints'] ?? ''));
  const list = at(endpoints, 'endpoints');
  const targets = Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : [];
  if (targets.length === 0) throw new Error('no endpoints');
  const port = Number((values['--listen'] ?? ':6443').split(':').pop());
  const server = createServer((client) => void forward(machine, client, targets));
  const listening = await listenOnPort(server, machine.address, port);
  return () => listening.close();
}

async function forward(machine: NodeMachine, client: Socket, targets: readonly string[]): Promise<void> {
  client.on('error', () => client.destroy());
  client.pause();
  for (const target of targets) {
    const upstream = await dial(target);
    if (upstream === undefined) continue;
    const port = upstream.localPort ?? 0;
    machine.site.proxied.set(port, machine);
    upstream.on('close', () => {
      machine.site.proxied.delete(port);
      client.destroy();
    });
    upstream.on('error', () => upstream.destroy());
    client.on('close', () => upstream.destroy());
    client.pipe(upstream);
    upstream.pipe(client);
    return;
  }
  client.destroy();
}

function dial(target: string): Promise<Socket | undefined> {
  const [host, port] = target.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host: host ?? '', port: Number(port) });
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}
