/** Requests to the sockets of a machine, raw, and the steps that most tests begin with. */

import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { at, parseJson, writeJson } from './json.ts';
import { type Delays, type K8sMachines, openMachines } from './machines.ts';
import type { NodeMachine } from './node/machine.ts';
import { paths } from './node/paths.ts';
import { components } from './which.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
  /** Parsed; undefined when it is no JSON. */
  readonly body: unknown;
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A request over a Unix socket; a string or buffer goes out as it is, anything else as JSON, undefined as no body. */
export function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: unknown,
  options: AskOptions = {},
): Promise<Reply> {
  const content = body === undefined ? '' : typeof body === 'string' || Buffer.isBuffer(body) ? body : writeJson(body);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(content),
    ...options.headers,
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath,
        method,
        path,
        headers,
        agent: false,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, text, body: tryParse(text) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}

function tryParse(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

export function k8sd(
  machine: NodeMachine,
  method: string,
  path: string,
  body?: unknown,
  options?: AskOptions,
): Promise<Reply> {
  return ask(machine.files.real(paths.controlSocket), method, path, body, options);
}

export function snapd(
  machine: NodeMachine,
  method: string,
  path: string,
  body?: unknown,
  options?: AskOptions,
): Promise<Reply> {
  return ask(machine.files.real(paths.snapdSocket), method, path, body, options);
}

/** The payload of k8sd's envelope. */
export function metadata(reply: Reply, ...path: readonly string[]): unknown {
  return at(reply.body, 'metadata', ...path);
}

/** Waits until `check` gives something that is neither false nor undefined; what it throws counts as not yet. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 5000): Promise<NonNullable<T>> {
  const end = Date.now() + withinMs;
  for (;;) {
    let problem: unknown;
    try {
      const result = await check();
      if (result !== undefined && result !== null && result !== false) return result;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > end) throw new Error('it did not come about in time', { cause: problem });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** Sends an action to snapd and waits for its change; gives the change. */
export async function snapdChange(machine: NodeMachine, path: string, body: unknown): Promise<Record<string, unknown>> {
  const reply = await snapd(machine, 'POST', path, body);
  if (reply.status !== 202) throw new Error(`snapd answered ${reply.status}: ${reply.text}`);
  return finished(machine, String(at(reply.body, 'change')));
}

export function finished(machine: NodeMachine, change: string): Promise<Record<string, unknown>> {
  return eventually(async () => {
    const result = at((await snapd(machine, 'GET', `/v2/changes/${change}`)).body, 'result') as Record<string, unknown>;
    return result['ready'] === true ? result : undefined;
  });
}

export async function newMachines(delays: Partial<Delays> = {}): Promise<K8sMachines & { readonly directory: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'km-'));
  const machines = await openMachines({ directory, ...(await components(delays)) });
  return Object.assign(machines, { directory });
}

export async function discard(machines: K8sMachines & { readonly directory: string }): Promise<void> {
  await machines.close();
  await rm(machines.directory, { recursive: true, force: true });
}

export async function installed(
  machines: K8sMachines,
  id: string,
  channel = '1.36-classic/stable',
): Promise<NodeMachine> {
  const machine = await machines.provision(id);
  const change = await snapdChange(machine, '/v2/snaps/k8s', { action: 'install', channel, classic: true });
  if (change['status'] !== 'Done') throw new Error(String(change['err']));
  await ready(machine);
  return machine;
}

export function ready(machine: NodeMachine): Promise<boolean> {
  return eventually(async () => (await k8sd(machine, 'GET', '/core/1.0/ready')).status === 200);
}

/** After a failed bootstrap or join and after a removal the daemon's socket goes, and comes back. */
export async function startedOver(machine: NodeMachine): Promise<void> {
  await eventually(async () => !(await machine.files.exists(paths.controlSocket)));
  await ready(machine);
}

/** The usual features; without a network no node becomes Ready. */
export const usualConfig = { 'cluster-config': { network: { enabled: true }, dns: { enabled: true } } };

export async function bootstrapped(
  machines: K8sMachines,
  id: string,
  config: unknown = usualConfig,
  channel?: string,
): Promise<NodeMachine> {
  const machine = await installed(machines, id, channel);
  const reply = await k8sd(machine, 'POST', '/1.0/k8sd/cluster', {
    name: machine.hostname,
    address: `${machine.address}:6400`,
    config,
  });
  if (reply.status !== 200) throw new Error(reply.text);
  return machine;
}

export async function tokenFor(from: NodeMachine, name: string, worker: boolean): Promise<string> {
  const reply = await k8sd(from, 'POST', '/1.0/k8sd/cluster/tokens', { name, worker });
  if (reply.status !== 200) throw new Error(reply.text);
  return String(metadata(reply, 'token'));
}

export interface JoinOptions {
  readonly worker: boolean;
  readonly config?: unknown;
  readonly name?: string;
}

export async function joined(
  machines: K8sMachines,
  from: NodeMachine,
  id: string,
  options: JoinOptions,
): Promise<NodeMachine> {
  const machine = await installed(machines, id);
  const name = options.name ?? machine.hostname;
  const reply = await joinWith(machine, await tokenFor(from, name, options.worker), name, options.config);
  if (reply.status !== 200) throw new Error(reply.text);
  return machine;
}

export function joinWith(
  machine: NodeMachine,
  token: string,
  name = machine.hostname,
  config: unknown = {},
): Promise<Reply> {
  return k8sd(machine, 'POST', '/1.0/k8sd/cluster/join', {
    name,
    address: `${machine.address}:6400`,
    token,
    config: JSON.stringify(config),
  });
}
