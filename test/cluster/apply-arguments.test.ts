/** Guards to what a service goes back that does not come up: what it was last seen running with, on real files. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeArguments } from '../../src/cluster/apply-arguments.ts';
import type { Doors } from '../../src/cluster/doors.ts';
import type { ArgumentsJournal } from '../../src/cluster/facts.ts';
import { ChangeUndone } from '../../src/cluster/outcome.ts';
import { SnapdError } from '../../src/host/errors.ts';
import { openHost } from '../../src/host/open-host.ts';
import { memoryState } from '../hardening/state.ts';
import { leader } from './facts.ts';

const FILE = '/var/snap/k8s/common/args/kube-apiserver';
const RAN = '--v="1"\n';
const NEVER_RAN = '--v="bad"\n';

it.each([
  ['what stood there', true, NEVER_RAN],
  ['what stood there before an edit that was never tried', false, RAN],
])('goes back to %s', async (_, finished, expected) => {
  const root = await mkdtemp(join(tmpdir(), 'aa-'));
  try {
    const host = openHost(root);
    await mkdir(join(root, '/var/snap/k8s/common/args'), { recursive: true });
    await host.files.write(FILE, NEVER_RAN, { mode: 0o600 });
    const snapd = {
      services: async () => [{ name: 'kube-apiserver', active: true, enabled: true }],
      restart: async () => Promise.reject(new SnapdError('change-failed', 'it ends at once')),
    };
    const doors = { host: { ...host, snapd }, juju: { state: memoryState() } } as unknown as Doors;
    const journal: ArgumentsJournal = { before: RAN, after: NEVER_RAN, remembered: {}, remember: {}, finished };
    const facts = leader({ arguments: { 'kube-apiserver': { text: NEVER_RAN, journal } } });
    const change = {
      service: 'kube-apiserver',
      set: { '--v': 'worse' },
      remember: { '--v': { was: '1', is: 'worse', by: 'cis-mode' } },
      foreign: [],
      drifted: [],
    } as const;
    const attempt = writeArguments(doors, facts, change, NEVER_RAN);
    await expect(attempt).rejects.toThrow('cis-mode: kube-apiserver did not come up with --v=worse');
    await expect(attempt).rejects.toBeInstanceOf(ChangeUndone);
    expect(await host.files.read(FILE)).toBe(expected);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

const SCHEDULER = '/var/snap/k8s/common/args/kube-scheduler';
const HEALTHY = '--profiling="false"\n--v="1"\n';
const BY_HAND = '--profiling="false"\n--bind-address=nowhere\n--v="1"\n';

/** A scheduler that comes up with some texts of its file only. */
async function change(comesUpWith: (text: string) => boolean, healthy: string | undefined) {
  const root = await mkdtemp(join(tmpdir(), 'aa-'));
  const host = openHost(root);
  await host.files.write(SCHEDULER, BY_HAND, { mode: 0o600 });
  let active = false;
  let clock = 0;
  const snapd = {
    services: async () => [{ name: 'kube-scheduler', active, enabled: true }],
    restart: async () => {
      active = comesUpWith((await host.files.read(SCHEDULER)) ?? '');
    },
  };
  const timed = {
    snapd,
    now: () => new Date(clock),
    sleep: async (ms: number) => {
      clock += ms;
    },
  };
  const doors = {
    host: { ...host, ...timed },
    juju: { state: memoryState(), log: { warning() {} } },
  } as unknown as Doors;
  const journal = { before: '', after: HEALTHY, remembered: {}, remember: {}, finished: true, healthy };
  const facts = leader({ arguments: { 'kube-scheduler': { text: BY_HAND, journal } } });
  const wanted = { service: 'kube-scheduler', set: { '--v': '2' }, remember: {}, foreign: [], drifted: [] } as const;
  const message = await writeArguments(doors, facts, wanted, BY_HAND).then(
    () => 'it came up',
    (error: Error) => error.message,
  );
  const [text, kept, noted] = await Promise.all([
    host.files.read(SCHEDULER),
    host.files.read('/var/lib/k8s-charm/arguments/kube-scheduler.by-hand'),
    host.files.read('/var/lib/k8s-charm/arguments/kube-scheduler.json'),
  ]);
  await rm(root, { recursive: true, force: true });
  return { message, text, kept, healthy: JSON.parse(noted ?? '{}').healthy };
}

it('goes back to the last arguments that were healthy, not to what a hand has left, which is kept', async () => {
  const found = await change((text) => !text.includes('nowhere'), HEALTHY);
  expect(found).toMatchObject({ text: HEALTHY, kept: BY_HAND, healthy: HEALTHY });
  expect(found.message).toContain(
    'the last arguments with which it was healthy are restored; those that somebody else had left are in /var/lib',
  );
});

it('goes back to what stood there where the last healthy arguments do not come up either', async () => {
  const found = await change((text) => text === BY_HAND, HEALTHY);
  expect(found).toMatchObject({ text: BY_HAND, healthy: HEALTHY });
  expect(found.message).toContain('the previous arguments are restored');
});

it('says so where nothing comes up', async () => {
  const { message } = await change(() => false, HEALTHY);
  expect(message).toContain('it does not come up with the previous arguments either');
});

it('remembers what the service came up with', async () => {
  const found = await change(() => true, undefined);
  expect(found).toMatchObject({ message: 'it came up', healthy: BY_HAND.replace('--v="1"', '--v="2"') });
});
