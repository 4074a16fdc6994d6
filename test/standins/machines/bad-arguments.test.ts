/**
 * Guards what becomes of arguments with which a program does not do its work: the charm writes them as it does for an operator, sees it, says
 * why in the program's own words, and restores the previous arguments. And that the stand-in ends on them as the real program does.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it, type TestContext } from 'vitest';
import { writeArguments } from '../../../src/capabilities/membership/apply-arguments.ts';
import type { Host } from '../../../src/clients/host/host.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import type { Clients } from '../../../src/core/clients.ts';
import type { Service } from '../../../src/core/services.ts';
import { memoryState } from '../../capabilities/hardening/state.ts';
import { leader } from '../../capabilities/membership/facts.ts';
import { bootstrapped, discard, newMachines, usualConfig } from './ask.ts';
import type { NodeMachine } from './machines.ts';
import { paths } from './node/paths.ts';
import { onReal } from './which.ts';

/** With short leases, as an operator may have them: the charm waits for leaders that long. */
const SHORT_LEASE = {
  '--leader-elect-lease-duration': '4s',
  '--leader-elect-renew-deadline': '3s',
  '--leader-elect-retry-period': '1s',
};

/** Two clusters: what is wrong with the controller manager of one takes a minute to see, in which the other is tried. */
const CLUSTERS = ['0', '1'] as const;
type Cluster = (typeof CLUSTERS)[number];

let machines: Awaited<ReturnType<typeof newMachines>>;

beforeAll(async () => {
  machines = await newMachines(onReal ? { leaderRetry: 1_000 } : { leaderRetry: 100, controllersStart: 300 });
  await Promise.all(
    CLUSTERS.map(async (id) => {
      const config = { ...usualConfig, 'extra-node-kube-controller-manager-args': SHORT_LEASE };
      const { services } = await bootstrapped(machines, id, config);
      for (const service of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])
        await services.ready(service);
    }),
  );
}, 120_000);
afterAll(() => discard(machines));

/** A stand-in leads and dies sooner than a real program; the charm's clock goes as much faster. */
const SPEED = onReal ? 1 : 10;

function hostOf(machine: NodeMachine): Host {
  const host = openHost(machine.root);
  const started = Date.now();
  return {
    ...host,
    now: () => new Date(started + (Date.now() - started) * SPEED),
    sleep: async (ms) => void (await sleep(ms / SPEED)),
  };
}

interface Outcome {
  readonly message: string;
  /** Whether the file says what it said before. */
  readonly restored: boolean;
  readonly seconds: number;
}

const CAME_UP = 'it came up';

/** Changes a flag as the charm does. */
async function change(cluster: Cluster, service: Service, flag: string, value: string): Promise<Outcome> {
  const node = machines.machine(cluster);
  const file = `${paths.args}/${service}`;
  const text = await node.files.need(file);
  const kubernetes = await openKubernetes(await node.files.need(`${paths.kubernetes}/admin.conf`), {
    timeoutMs: 10_000,
  });
  const clients = {
    host: hostOf(node),
    juju: { state: memoryState(), log: { warning() {} } },
    kubernetes: async () => kubernetes,
  } as unknown as Clients;
  const facts = leader({ arguments: { [service]: { text, journal: undefined } } });
  const asked = { service, set: { [flag]: value }, remember: {}, foreign: [], drifted: [] };
  const started = performance.now();
  const message = await writeArguments(clients, facts, asked, text).then(
    () => CAME_UP,
    (error: Error) => error.message,
  );
  const seconds = (performance.now() - started) / 1000;
  return { message, restored: (await node.files.need(file)) === text, seconds };
}

/** What the program says of it; undefined where it does its work all the same. */
type Row = readonly [flag: string, value: string, words: string | undefined];

type Expect = TestContext['expect'];

async function expectOutcomes(expect: Expect, cluster: Cluster, service: Service, rows: readonly Row[]): Promise<void> {
  for (const [flag, value, words] of rows) {
    const { message, restored, seconds } = await change(cluster, service, flag, value);
    const row = `${flag}=${value} after ${seconds.toFixed(1)} s`;
    if (words === undefined) expect.soft(message, row).toBe(CAME_UP);
    else {
      expect.soft(message, row).toContain(words);
      expect.soft(message, row).toContain('the previous arguments are restored');
      expect.soft(restored, row).toBe(true);
    }
  }
}

/** Side by side, since most of it is waiting. */
describe.concurrent('what is wrong is seen, explained and undone', { timeout: 240_000 }, () => {
  it('of a scheduler: at once, and when its caches are filled', ({ expect }) =>
    expectOutcomes(expect, '0', 'kube-scheduler', [
      ['--no-such-flag', '1', 'unknown flag: --no-such-flag'],
      ['--leader-elect-renew-deadline', '40s', 'leaseDuration must be greater than renewDeadline'],
      ['--feature-gates', 'NoSuch=true', 'unrecognized feature gate: NoSuch'],
    ]));

  it('of a controller manager: when it leads, at once, and nothing that it does not read', ({ expect }) =>
    expectOutcomes(expect, '0', 'kube-controller-manager', [
      ['--service-account-private-key-file', '/no/such', '/no/such: no such file or directory'],
      ['--controllers', 'nosuch', '"nosuch" is not in the list of known controllers'],
      ['--cluster-cidr', 'nonsense', undefined],
    ]));

  it('of another controller manager, when it leads and when it panics, and then of its API server', async ({
    expect,
  }) => {
    await expectOutcomes(expect, '1', 'kube-controller-manager', [
      ['--cluster-signing-cert-file', '/no/such', 'error reading CA cert file "/no/such"'],
      ['--leader-elect-renew-deadline', '40s', 'leaseDuration must be greater than renewDeadline'],
    ]);
    await expectOutcomes(expect, '1', 'kube-apiserver', [
      ['--audit-policy-file', '/no/such', '/no/such: no such file or directory'],
    ]);
  });
});
