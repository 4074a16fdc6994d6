/** Guards the launcher itself: real programs with what k8sd writes get ready, say why they do not, and leave nothing behind. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { openControlPlane, type RealControlPlane } from './control-plane.ts';

let controlPlane: RealControlPlane;

beforeAll(async () => {
  controlPlane = await openControlPlane();
}, 120_000);
afterAll(() => controlPlane?.close());

it('programs get ready with what k8sd writes', async () => {
  for (const program of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const)
    await controlPlane.ready(program);
  const kubernetes = await controlPlane.kubernetes();
  expect(await kubernetes.version()).toMatch(/^v1\.36\./);
});

it('a program that its arguments end says why, and its service is down', async () => {
  const text = await controlPlane.arguments('kube-scheduler');
  await controlPlane.setArguments('kube-scheduler', `${text}--no-such-flag="1"\n`);
  const { ended } = await controlPlane.restart('kube-scheduler');
  expect(await ended).toMatchObject({ code: 1, lastWords: 'unknown flag: --no-such-flag' });
  await expect
    .poll(() => controlPlane.machines.service('0', 'kube-scheduler'))
    .toMatchObject({ active: false, failure: 'unknown flag: --no-such-flag' });
  await controlPlane.setArguments('kube-scheduler', text);
  await controlPlane.restart('kube-scheduler');
  await controlPlane.ready('kube-scheduler');
  expect(controlPlane.machines.service('0', 'kube-scheduler')).toMatchObject({ active: true });
});

it('a program that is killed is started again, as systemd does', async () => {
  const before = controlPlane.running('kube-scheduler');
  process.kill(before.pid, 'SIGKILL');
  await before.ended;
  await expect.poll(() => controlPlane.running('kube-scheduler').pid, { timeout: 10_000 }).not.toBe(before.pid);
  await controlPlane.ready('kube-scheduler');
});

it('programs end when they are asked to', async () => {
  const { machine, machines } = controlPlane;
  for (const program of ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd'] as const) {
    const { pid } = controlPlane.running(program);
    await machine.services.stop(program);
    expect(() => process.kill(pid, 0), program).toThrow('ESRCH');
  }
  expect(machines.failures).toEqual([]);
}, 60_000);
