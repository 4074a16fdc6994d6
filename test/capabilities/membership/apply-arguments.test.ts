/** Guards to what a service goes back that does not come up: what it was last seen running with, on real files. */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { writeArguments } from '../../../src/capabilities/membership/apply-arguments.ts';
import type { ArgumentsJournal } from '../../../src/capabilities/membership/facts.ts';
import { SnapdError } from '../../../src/clients/host/errors.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { KubernetesError } from '../../../src/clients/kubernetes/errors.ts';
import type { LeaseName } from '../../../src/clients/kubernetes/kubernetes.ts';
import { ChangeUndone } from '../../../src/core/change-failed.ts';
import type { Clients } from '../../../src/core/clients.ts';
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
    const quiet = { ...snapd, log: async () => ['Error: unknown flag: --worse'] };
    const clients = { host: { ...host, snapd: quiet }, juju: { state: memoryState() } } as unknown as Clients;
    const journal: ArgumentsJournal = { before: RAN, after: NEVER_RAN, remembered: {}, remember: {}, finished };
    const facts = leader({ arguments: { 'kube-apiserver': { text: NEVER_RAN, journal } } });
    const change = {
      service: 'kube-apiserver',
      set: { '--v': 'worse' },
      remember: { '--v': { was: '1', is: 'worse', by: 'cis-mode' } },
      foreign: [],
      drifted: [],
    } as const;
    const attempt = writeArguments(clients, facts, change, NEVER_RAN);
    await expect(attempt).rejects.toThrow('cis-mode: kube-apiserver did not come up with --v=worse');
    await expect(attempt).rejects.toThrow('(it ends at once): unknown flag: --worse (see journalctl');
    await expect(attempt).rejects.toBeInstanceOf(ChangeUndone);
    expect(await host.files.read(FILE)).toBe(expected);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});

const PROXY = '/var/snap/k8s/common/args/kube-proxy';
const HEALTHY = '--cleanup="false"\n--v="1"\n';
const BY_HAND = '--cleanup="false"\n--hostname-override=nowhere\n--v="1"\n';

/** A kube-proxy that comes up with some texts of its file only. */
async function change(comesUpWith: (text: string) => boolean, healthy: string | undefined) {
  const root = await mkdtemp(join(tmpdir(), 'aa-'));
  const host = openHost(root);
  await host.files.write(PROXY, BY_HAND, { mode: 0o600 });
  let active = false;
  let clock = 0;
  const snapd = {
    log: async () => [],
    services: async () => [{ name: 'kube-proxy', active, enabled: true }],
    restart: async () => {
      active = comesUpWith((await host.files.read(PROXY)) ?? '');
    },
  };
  const timed = {
    snapd,
    now: () => new Date(clock),
    sleep: async (ms: number) => {
      clock += ms;
    },
  };
  const clients = {
    host: { ...host, ...timed },
    juju: { state: memoryState(), log: { warning() {} } },
  } as unknown as Clients;
  const journal = { before: '', after: HEALTHY, remembered: {}, remember: {}, finished: true, healthy };
  const facts = leader({ arguments: { 'kube-proxy': { text: BY_HAND, journal } } });
  const wanted = { service: 'kube-proxy', set: { '--v': '2' }, remember: {}, foreign: [], drifted: [] } as const;
  const message = await writeArguments(clients, facts, wanted, BY_HAND).then(
    () => 'it came up',
    (error: Error) => error.message,
  );
  const [text, kept, noted] = await Promise.all([
    host.files.read(PROXY),
    host.files.read('/var/lib/k8s-charm/arguments/kube-proxy.by-hand'),
    host.files.read('/var/lib/k8s-charm/arguments/kube-proxy.json'),
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

const MANAGER = '/var/snap/k8s/common/args/kube-controller-manager';
const RETRY_MS = 2_000;
const LEASE_MS = 30_000;
const USUAL = 'kube-system/kube-controller-manager';

/**
 * A controller manager as the real one of 1.36: it is up at once, leads when the lease of another has ended, and ends 5 s later where it
 * cannot read a file; systemd starts it again. @param elsewhere another node's leads, and goes on to.
 */
function controllerManager(text: () => Promise<string>, clock: () => number, elsewhere = false, retryMs = RETRY_MS) {
  let lease = { holder: elsewhere ? 'other-node_1' : 'node-0_0', at: clock(), renewed: clock() };
  let started = clock();
  let count = 0;
  let broken = false;
  const until = () => lease.renewed + LEASE_MS;
  const own = () => `node-0_${count}`;
  const tick = () => {
    const now = clock();
    if (elsewhere) lease = { ...lease, renewed: now - (now % retryMs) };
    if (count === 0 || elsewhere) return;
    if (lease.holder !== own() && (lease.holder === '' || now >= until()))
      lease = { holder: own(), at: now, renewed: now };
    if (lease.holder !== own()) return;
    if (broken && now - lease.at >= 5_000) {
      count += 1;
      started = now;
    } else lease = { ...lease, renewed: now - (now % retryMs) };
  };
  return {
    restart: async () => {
      tick();
      broken = (await text()).includes('/no/such');
      count += 1;
      started = clock();
    },
    active: () => {
      tick();
      return clock() - started >= 100;
    },
    state: async () => {
      tick();
      return lease.holder === '' ? undefined : { holder: lease.holder, renewed: String(lease.renewed) };
    },
    release: async ({ holder }: { holder: string }) => {
      if (lease.holder === holder) lease = { holder: '', at: 0, renewed: 0 };
    },
  };
}

async function changeManager(
  set: Readonly<Record<string, string>>,
  { elsewhere = false, released = true, lease = USUAL, retryMs = RETRY_MS, silent = false } = {},
) {
  const root = await mkdtemp(join(tmpdir(), 'aa-'));
  const host = openHost(root);
  const before = '--root-ca-file="/etc/kubernetes/pki/ca.crt"\n';
  await host.files.write(MANAGER, before, { mode: 0o600 });
  let clock = 1_000_000;
  const manager = controllerManager(
    async () => (await host.files.read(MANAGER)) ?? '',
    () => clock,
    elsewhere,
    retryMs,
  );
  const snapd = {
    log: async () => ['F1201 10:00:00.000000 1 x.go:1] error reading key: open /no/such: no such file or directory'],
    services: async () => [{ name: 'kube-controller-manager', active: manager.active(), enabled: true }],
    restart: manager.restart,
  };
  const api = {
    leaseState: async ({ namespace, name }: LeaseName) => {
      if (silent) throw new KubernetesError(0, 'Unreachable', 'no answer');
      return `${namespace}/${name}` === lease ? manager.state() : undefined;
    },
    giveBackLease: released ? manager.release : async () => {},
  };
  const timed = {
    snapd,
    hostname: async () => 'node-0',
    now: () => new Date(clock),
    sleep: async (ms: number) => {
      clock += ms;
    },
  };
  const clients = {
    host: { ...host, ...timed },
    juju: { state: memoryState(), log: { warning() {} } },
    kubernetes: async () => api,
  } as unknown as Clients;
  const facts = leader({ arguments: { 'kube-controller-manager': { text: before, journal: undefined } } });
  const wanted = { service: 'kube-controller-manager', set, remember: {}, foreign: [], drifted: [] } as const;
  const message = await writeArguments(clients, facts, wanted, before).then(
    () => 'it came up',
    (error: Error) => error.message,
  );
  const text = await host.files.read(MANAGER);
  await rm(root, { recursive: true, force: true });
  return { message, restored: text === before, seconds: (clock - 1_000_000) / 1000 };
}

it('a controller manager that ends only when it leads is not taken for a good one', async () => {
  const found = await changeManager({ '--service-account-private-key-file': '/no/such' });
  expect(found.restored).toBe(true);
  expect(found.message).toContain('error reading key: open /no/such: no such file or directory');
  expect(found.message).toContain('the previous arguments are restored');
});

it('a good controller manager leads at once, since the lease of the one before is released', async () => {
  const found = await changeManager({ '--v': '4' });
  expect(found).toMatchObject({ message: 'it came up', restored: false });
  expect(found.seconds).toBeLessThan(20);
});

it('a good one whose lease nobody can release is waited for', async () => {
  const found = await changeManager({ '--v': '4' }, { released: false });
  expect(found.message).toBe('it came up');
  expect(found.seconds).toBeGreaterThan(30);
});

it('beside another node that leads, what the controller manager does there is what counts', async () => {
  expect(await changeManager({ '--v': '4' }, { elsewhere: true })).toMatchObject({ message: 'it came up' });
});

it('a controller manager that elects no leader is believed when it stays up', async () => {
  const found = await changeManager({ '--leader-elect': 'false' });
  expect(found.message).toBe('it came up');
  expect(found.seconds).toBeLessThan(10);
});

it('a controller manager whose lease has another name is looked for there', async () => {
  const set = { '--leader-elect-resource-name': 'mine', '--leader-elect-resource-namespace': 'ops' };
  expect(await changeManager(set, { lease: 'ops/mine' })).toMatchObject({ message: 'it came up', restored: false });
});

it('a controller manager that renews its lease rarely is not taken for a dead one', async () => {
  const set = { '--leader-elect-retry-period': '10s', '--leader-elect-lease-duration': '60s' };
  expect(await changeManager(set, { retryMs: 10_000 })).toMatchObject({ message: 'it came up', restored: false });
});

it('a controller manager is not blamed for an API server that does not answer', async () => {
  expect(await changeManager({ '--v': '4' }, { silent: true })).toMatchObject({
    message: 'it came up',
    restored: false,
  });
});

const SCHEDULER = '/var/snap/k8s/common/args/kube-scheduler';

it.each<[string, string, boolean]>([
  ['that ends when its caches are filled, however long that takes,', '40s', false],
  ['that is good', '8s', true],
])('a scheduler %s is judged when it leads', async (_, deadline, good) => {
  const root = await mkdtemp(join(tmpdir(), 'aa-'));
  try {
    const host = openHost(root);
    await host.files.write(SCHEDULER, '', { mode: 0o600 });
    let clock = 1_000_000;
    let started = 0;
    let bad = false;
    const uptime = () => (clock - started) % (bad ? 5_000 : Number.POSITIVE_INFINITY);
    const snapd = {
      log: async () => ['Error: leaseDuration must be greater than renewDeadline'],
      services: async () => [{ name: 'kube-scheduler', active: uptime() < 4_000 || !bad, enabled: true }],
      restart: async () => {
        bad = ((await host.files.read(SCHEDULER)) ?? '').includes('40s');
        started = clock;
      },
    };
    const leads = () => !bad && uptime() >= 4_000;
    const api = {
      leaseState: async () => (leads() ? { holder: 'node-0_x', renewed: String(clock - (clock % 2_000)) } : undefined),
      giveBackLease: async () => {},
    };
    const timed = {
      snapd,
      hostname: async () => 'node-0',
      now: () => new Date(clock),
      sleep: async (ms: number) => {
        clock += ms;
      },
    };
    const clients = {
      host: { ...host, ...timed },
      juju: { state: memoryState(), log: { warning() {} } },
      kubernetes: async () => api,
    } as unknown as Clients;
    const facts = leader({ arguments: { 'kube-scheduler': { text: '', journal: undefined } } });
    const set = { '--leader-elect-renew-deadline': deadline };
    const wanted = { service: 'kube-scheduler', set, remember: {}, foreign: [], drifted: [] } as const;
    const attempt = writeArguments(clients, facts, wanted, '');
    if (good) await attempt;
    else await expect(attempt).rejects.toThrow('leaseDuration must be greater than renewDeadline');
    expect((await host.files.read(SCHEDULER))?.includes('--leader-elect-renew-deadline')).toBe(good);
    expect(clock - 1_000_000).toBeLessThan(good ? 10_000 : 120_000);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
