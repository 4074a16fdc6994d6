/** Guards the host door against stand-in machines with a snapd that keeps state, services that run, and a store. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Host, SnapWait } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { type K8sMachines, openMachines } from '../../standins/machines/machines.ts';

const wait: SnapWait = { timeoutMs: 20_000 };

let directory: string;
let machines: K8sMachines;
beforeAll(async () => {
  directory = await mkdtemp('/tmp/hm-');
  machines = await openMachines({ directory });
});
afterAll(async () => {
  await machines.close();
  await rm(directory, { recursive: true });
});

async function newHost(id: string): Promise<Host> {
  return openHost((await machines.provision(id)).root);
}

it('a snap is installed, held, refreshed, reverted and removed; each also when it is so already', async () => {
  const { snapd } = await newHost('0');
  expect(await snapd.snap('k8s')).toBeUndefined();
  expect(await snapd.services('k8s')).toEqual([]);

  const told: string[] = [];
  const channel = '1.35-classic/stable';
  await snapd.install('k8s', { channel, classic: true }, { ...wait, onProgress: (summary) => told.push(summary) });
  await snapd.install('k8s', { channel, classic: true }, wait);
  expect(told.length).toBeGreaterThan(0);
  const installed = await snapd.snap('k8s');
  expect(installed).toMatchObject({ name: 'k8s', version: '1.35.5', channel, confinement: 'classic' });
  expect(installed).not.toHaveProperty('heldUntil');

  await snapd.hold('k8s', wait);
  expect((await snapd.snap('k8s'))?.heldUntil).toMatch(/^\d{4}-/);
  await snapd.unhold('k8s', wait);
  expect(await snapd.snap('k8s')).not.toHaveProperty('heldUntil');

  await snapd.refresh('k8s', { channel: '1.36-classic/stable' }, wait);
  await snapd.refresh('k8s', { channel: '1.36-classic/stable' }, wait);
  expect(await snapd.snap('k8s')).toMatchObject({ version: '1.36.4', channel: '1.36-classic/stable' });
  await snapd.revert('k8s', wait);
  expect(await snapd.snap('k8s')).toMatchObject({ version: '1.35.5', channel: '1.36-classic/stable' });
  await snapd.switchChannel('k8s', { channel }, wait);
  expect(await snapd.snap('k8s')).toMatchObject({ version: '1.35.5', channel });

  await snapd.remove('k8s', wait);
  await snapd.remove('k8s', wait);
  expect(await snapd.snap('k8s')).toBeUndefined();
});

it('services are stopped, started and restarted by their names', async () => {
  const { snapd } = await newHost('1');
  await snapd.install('k8s', { channel: '1.36-classic/stable', classic: true }, wait);
  const k8sd = async () => (await snapd.services('k8s')).find(({ name }) => name === 'k8sd');
  // A daemon that has just been installed comes up in its own time.
  await expect.poll(k8sd).toEqual({ name: 'k8sd', active: true, enabled: true });
  await snapd.stop('k8s', ['k8sd'], { disable: true }, wait);
  expect(await k8sd()).toEqual({ name: 'k8sd', active: false, enabled: false });
  await snapd.start('k8s', ['k8sd'], { enable: true }, wait);
  expect(await k8sd()).toEqual({ name: 'k8sd', active: true, enabled: true });
  await snapd.restart('k8s', ['k8sd'], wait);
  expect(await k8sd()).toEqual({ name: 'k8sd', active: true, enabled: true });
});

it('two changes of one snap come one after the other', async () => {
  const { snapd } = await newHost('2');
  await snapd.install('k8s', { channel: '1.35-classic/stable', classic: true }, wait);
  await Promise.all([snapd.refresh('k8s', { channel: '1.36-classic/stable' }, wait), snapd.hold('k8s', wait)]);
  const snap = await snapd.snap('k8s');
  expect(snap?.version).toBe('1.36.4');
  expect(snap?.heldUntil).toBeDefined();
});

it('a change that fails says why, and can be tried again', async () => {
  const { snapd } = await newHost('3');
  machines.failNext('3', 'snap install', { text: 'no space left on device' });
  const source = { channel: '1.36-classic/stable', classic: true };
  await expect(snapd.install('k8s', source, wait)).rejects.toMatchObject({
    kind: 'change-failed',
    message: expect.stringContaining('no space left on device'),
  });
  expect(await snapd.snap('k8s')).toBeUndefined();
  await snapd.install('k8s', source, wait);
  expect(await snapd.snap('k8s')).toBeDefined();
});

it('a channel that the store does not have is refused in snapd’s words', async () => {
  const { snapd } = await newHost('4');
  await expect(snapd.install('k8s', { channel: '9.99-classic/stable', classic: true }, wait)).rejects.toMatchObject({
    name: 'SnapdError',
    kind: expect.stringMatching(/^snap-/),
  });
  await expect(snapd.refresh('k8s', { channel: '1.36-classic/stable' }, wait)).rejects.toMatchObject({
    kind: 'snap-not-installed',
  });
});

/** Begins as a SquashFS does; what follows tells the stand-in's store which snap it is. */
function snapFile(version: string): Buffer {
  return Buffer.concat([Buffer.from(`hsqs\nk8s ${version}\n`), randomBytes(2_000_000)]);
}

it('a file that is no snap is refused in snapd’s words', async () => {
  const { snapd } = await newHost('8');
  const file = join(directory, 'no.snap');
  await writeFile(file, 'text');
  await expect(snapd.installFile('k8s', file, { classic: true }, wait)).rejects.toThrow('cannot read snap file');
});

it('a snap file is installed, and replaces what is installed', async () => {
  const { snapd } = await newHost('5');
  const file = join(directory, 'k8s.snap');
  await writeFile(file, snapFile('1.36.4'));
  await snapd.installFile('k8s', file, { classic: true }, wait);
  expect(await snapd.snap('k8s')).toMatchObject({ revision: 'x1', version: '1.36.4' });
  await writeFile(file, snapFile('1.36.5'));
  await snapd.installFile('k8s', file, { classic: true }, wait);
  expect(await snapd.snap('k8s')).toMatchObject({ revision: 'x2', version: '1.36.5' });
  expect(await snapd.snap('k8s')).not.toHaveProperty('channel');
});

it('a machine that is rebooted or gone is waited for no longer than asked', async () => {
  const machine = await machines.provision('6');
  const { snapd } = openHost(machine.root);
  await snapd.install('k8s', { channel: '1.36-classic/stable', classic: true }, wait);
  await machine.reboot();
  expect(await snapd.snap('k8s')).toMatchObject({ version: '1.36.4' });
  await machine.terminate();
  await expect(snapd.hold('k8s', { timeoutMs: 400 })).rejects.toMatchObject({ kind: 'unreachable' });
});

it('names and kernel parameters are the machine’s', async () => {
  const machine = await machines.provision('7');
  const host = openHost(machine.root);
  expect(await host.hostname()).toBe(machine.hostname);
  expect(await host.fullHostname()).toBe(machine.hostname);
  await host.sysctl.write('vm.overcommit_memory', '1');
  expect(await host.sysctl.read('vm.overcommit_memory')).toBe('1');
});

it('the stand-ins had no trouble of their own', () => {
  expect(machines.failures).toEqual([]);
});
