/**
 * k8s-apiserver-proxy: on workers, forwards connections to the API servers of the control planes. It keeps the list of them
 * in its file as the cluster has it.
 */

import { connect, createServer, type Socket } from 'node:net';
import { listenOnPort } from '../http/server.ts';
import { at } from '../json.ts';
import type { NodeMachine } from './machine.ts';
import type { Arguments, Stop } from './services.ts';

export async function startApiServerProxy(machine: NodeMachine, values: Arguments): Promise<Stop> {
  const file = values['--endpoints'] ?? '';
  const list = at(JSON.parse(await machine.files.need(file)), 'endpoints');
  const targets = Array.isArray(list) ? list.filter((entry): entry is string => typeof entry === 'string') : [];
  if (targets.length === 0) throw new Error('no endpoints');
  const port = Number((values['--listen'] ?? ':6443').split(':').pop());
  const server = createServer((client) => {
    void forward(machine, client, [...targets]).catch(machine.site.fail);
  });
  const listening = await listenOnPort(server, machine.address, port);
  let stopped = false;
  const refresh = async (): Promise<void> => {
    while (!stopped && !machine.timers.stopped) {
      const present = controlPlanes(machine);
      if (present.length > 0 && present.join() !== targets.join()) {
        targets.splice(0, targets.length, ...present);
        await machine.files.write(file, JSON.stringify({ endpoints: targets }));
      }
      await machine.timers.pause(machine.site.delays.heartbeat);
    }
  };
  void refresh().catch(machine.site.fail);
  return async () => {
    stopped = true;
    await listening.close();
  };
}

/** The API servers of the cluster, as one that answers tells. */
function controlPlanes(machine: NodeMachine): readonly string[] {
  const member = machine.state.k8sd.member;
  if (member === undefined || !machine.site.api(member.cluster).reachable()) return [];
  const cluster = machine.site.cluster(member.cluster);
  return cluster.members.map(({ address }) => `${address.split(':')[0]}:${cluster.securePort}`);
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
