/** Guards that an action which only looks can change nothing, whatever it calls. */

import { expect, it } from 'vitest';
import type { Clients } from '../../src/core/clients.ts';
import { readOnly } from '../../src/engine/read-only.ts';

type Calls = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** What changes something, by the client. */
const CHANGING: Calls = {
  host: {
    files: ['write', 'remove', 'makeDirectory', 'setMode', 'setOwner'],
    snapd: ['install', 'installFile', 'refresh', 'revert', 'hold', 'unhold', 'remove', 'start', 'stop', 'restart'],
    sysctl: ['write'],
  },
  juju: {
    relations: ['setUnit', 'setApplication'],
    secrets: ['add', 'set', 'grant', 'revoke', 'remove'],
  },
};
const K8SD = ['bootstrap', 'join', 'joinToken', 'removeNode', 'setClusterConfig', 'refreshCertificates'];
const KUBERNETES = ['labelNode', 'approve', 'deny', 'takeLease', 'giveBackLease', 'rewriteSecret'];

function recording(names: readonly string[], calls: string[], answers: object = {}) {
  return {
    ...Object.fromEntries(
      names.map((name) => [name, (...args: unknown[]) => void calls.push(name, JSON.stringify(args))]),
    ),
    ...answers,
  };
}

function clients(calls: string[]): Clients {
  const { host = {}, juju = {} } = CHANGING;
  const all = (group: Readonly<Record<string, readonly string[]>>) =>
    Object.fromEntries(
      Object.entries(group).map(([name, methods]) => [name, recording(methods, calls, { read: () => 'text' })]),
    );
  const secrets = recording(juju['secrets'] ?? [], calls, {
    get: (_: unknown, mode: string) => void calls.push(`get ${mode}`),
  });
  const state = recording(['set'], calls, { get: async () => 'kept', entries: async () => ({}) });
  const told = recording(['setStatus', 'setApplicationStatus', 'openPort', 'closePort', 'reboot', 'flush'], calls);
  return {
    host: all(host),
    juju: { ...all(juju), ...told, secrets, state },
    k8sd: () => recording(K8SD, calls),
    kubernetes: async () => recording(KUBERNETES, calls),
  } as unknown as Clients;
}

it('refuses every change with every client, and drops what looking would remember', async () => {
  const calls: string[] = [];
  const closed = readOnly(clients(calls)) as unknown as Record<string, Record<string, Record<string, () => unknown>>>;
  const refused = async (call: (() => unknown) | undefined) => {
    expect(call).toBeTypeOf('function');
    await expect((async () => call?.())()).rejects.toThrow('an action that only looks was about to change something');
  };
  for (const [client, group] of Object.entries(CHANGING))
    for (const [name, methods] of Object.entries(group))
      for (const method of methods) await refused(closed[client]?.[name]?.[method]);
  const { k8sd, kubernetes, juju, host } = readOnly(clients(calls));
  for (const method of K8SD) await refused((k8sd(36) as unknown as Record<string, () => unknown>)[method]);
  const api = (await kubernetes()) as unknown as Record<string, () => unknown>;
  for (const method of KUBERNETES) await refused(api[method]);
  for (const method of ['setStatus', 'setApplicationStatus', 'openPort', 'closePort', 'reboot', 'flush'])
    await refused((juju as unknown as Record<string, () => unknown>)[method]);
  juju.state.set('a', 'b');
  expect(await juju.state.get('a')).toBe('kept');
  expect(await host.files.read('/x')).toBe('text');
  expect(calls).toEqual([]);
});

it('looks at secrets without taking their new revision', async () => {
  const calls: string[] = [];
  await readOnly(clients(calls)).juju.secrets.get({ uri: 'secret:a' }, 'refresh');
  expect(calls).toEqual(['get peek']);
});
