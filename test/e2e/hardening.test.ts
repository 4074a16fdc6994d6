/**
 * Modes of hardening on a cluster of three control planes and two workers: taken on one control plane after the other with the API up
 * all the while, kept against other hands, given back byte for byte; and policies that are wrong go no further than one API server.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { allActive, deployCluster, openCluster, resetOptions, type TestCluster } from './cluster.ts';
import { argumentsOf, argumentText, machineOf, runningArguments } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const CONTROL_PLANES = ['k8s/0', 'k8s/1', 'k8s/2'];
const WORKERS = ['k8s-worker/0', 'k8s-worker/1'];
const ALL = [...CONTROL_PLANES, ...WORKERS];
const API = 'kube-apiserver';
const BOTH = { 'cis-mode': true, 'stig-mode': true };
const KUBELET_UNIT = '/etc/systemd/system/snap.k8s.kubelet.service';
const POLICIES = '/var/snap/k8s/common/etc/k8s-charm';
const AUDIT = 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: Metadata\n  resources: [{group: apps}]\n';

let cluster: TestCluster;
let untouched: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  // An argument file that is changed out of turn would be found, and its service restarted, long before its turn is over.
  cluster = await openCluster({ delays: { argumentsCheck: 1_000, restartGap: 300 } });
  // What a mode makes of the encryption of Secrets is another matter, which takes turns of its own.
  await deployCluster(cluster, { controlPlanes: 3, workers: 2 }, { 'encryption-at-rest': 'aescbc' });
  untouched = await everywhere();
}, 300_000);

afterAll(() => cluster.close());

/** Everything that a mode changes on a machine: texts with modes and owners. */
async function stateOf(unit: string): Promise<unknown> {
  const { root, files } = machineOf(cluster, unit);
  const kernel = ['vm/overcommit_memory', 'kernel/panic', 'kernel/panic_on_oops'].map((key) => `/proc/sys/${key}`);
  const services = (await files.list('/var/snap/k8s/common/args')).filter((name) => name !== 'conf.d');
  const paths = [
    ...services.map((name) => `/var/snap/k8s/common/args/${name}`),
    ...(await files.list(POLICIES)).map((name) => `${POLICIES}/${name}`),
    ...(await files.list('/etc/kubernetes')).map((name) => `/etc/kubernetes/${name}`),
    ...(await files.list('/etc/sysctl.d')).map((name) => `/etc/sysctl.d/${name}`),
    KUBELET_UNIT,
    ...kernel,
  ];
  const pairs = paths.map(async (path) => {
    const { mode, uid, gid } = await lstat(join(root, path));
    const text = await readFile(join(root, path)).catch(() => '');
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
    return [path, `${(mode & 0o7777).toString(8)} ${uid}:${gid} ${digest}`] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

async function everywhere(units: readonly string[] = ALL): Promise<Readonly<Record<string, unknown>>> {
  return Object.fromEntries(await Promise.all(units.map(async (unit) => [unit, await stateOf(unit)] as const)));
}

describe('both modes, on a running cluster', { timeout: 300_000 }, () => {
  it('are taken on by one control plane after the other, and by the workers that say nothing of their own', async () => {
    const { model } = cluster;
    const rollout = servicesSince();
    await model.configure('k8s', { ...BOTH, 'kube-scheduler-extra-args': 'profiling=true v=2' });
    await settled();
    expect(rollout.mostDown()).toBe(1);
    expect(rollout.restarted('kube-apiserver')).toEqual(idsOf(CONTROL_PLANES));
    expect(rollout.restarted('kubelet')).toEqual(idsOf(ALL));
    // Both had TLS 1.3 from the start, and neither mode asks anything else of it.
    expect(rollout.restarted('etcd')).toEqual([]);
    for (const unit of CONTROL_PLANES) {
      const running = runningArguments(cluster, unit, API);
      expect(running).toMatchObject({ '--audit-log-maxage': '30', '--tls-min-version': 'VersionTLS13' });
      expect(running?.['--enable-admission-plugins']?.split(',')).toEqual(
        expect.arrayContaining(['NodeRestriction', 'EventRateLimit', 'AlwaysPullImages']),
      );
      const scheduler = { '--bind-address': '127.0.0.1', '--profiling': 'false', '--v': '2' };
      expect(runningArguments(cluster, unit, 'kube-scheduler')).toMatchObject(scheduler);
      expect(model.unit(unit).workload.message).toContain(
        'kube-scheduler-extra-args: profiling=true gives way to cis-mode, unless hardening-waivers names kube-scheduler-profiling',
      );
    }
    for (const unit of ALL) {
      expect(runningArguments(cluster, unit, 'kubelet')).toMatchObject({ '--protect-kernel-defaults': 'true' });
      expect(await modeOf(unit, KUBELET_UNIT)).toBe('600');
    }
  });

  it('leave nothing that speaks an older TLS', async () => {
    const { address } = machineOf(cluster, 'k8s/0');
    await expect(handshake(address, 6443, 'TLSv1.3')).resolves.toBe('TLSv1.3');
    for (const port of [6443, 10_250, 2379]) await expect(handshake(address, port, 'TLSv1.2')).rejects.toThrow();
  });

  it('are kept against other hands, which is told, and a refresh of units by snapd', async () => {
    const { model } = cluster;
    const kept = await everywhere(['k8s/1', 'k8s-worker/1']);
    await chmod(join(machineOf(cluster, 'k8s-worker/1').root, KUBELET_UNIT), 0o644);
    const { files } = machineOf(cluster, 'k8s/1');
    const path = '/var/snap/k8s/common/args/kube-scheduler';
    await files.write(path, (await files.need(path)).replace('"127.0.0.1"', '"0.0.0.0"'));
    model.updateStatus();
    await settled();
    expect(await everywhere(['k8s/1', 'k8s-worker/1'])).toEqual(kept);
    const log = model.log().map(({ message }) => message);
    expect(log.join('\n')).toMatch(
      /kube-scheduler: --bind-address was set by the charm and has been changed by somebody/,
    );
    expect(log.join('\n')).toContain(`${KUBELET_UNIT} has been changed by somebody else since`);
  });
});

describe('an audit policy', { timeout: 300_000 }, () => {
  it('that cannot be one blocks with the line at fault, and changes nothing', async () => {
    const { model } = cluster;
    const before = await everywhere(CONTROL_PLANES);
    await model.configure('k8s', { 'audit-policy': AUDIT.replace('Metadata', 'Everything') });
    await settleBlocked();
    const message = 'audit-policy line 4: rules[0].level must be None, Metadata, Request or RequestResponse';
    for (const unit of CONTROL_PLANES) expect(model.unit(unit).workload.message.split('; ')).toContain(message);
    expect(await everywhere(CONTROL_PLANES)).toEqual(before);
  });

  it('that only the API server refuses is taken back where it was tried, and tried nowhere else', async () => {
    const { model } = cluster;
    const before = await Promise.all(CONTROL_PLANES.map((unit) => argumentText(cluster, unit, API)));
    const trial = servicesSince();
    await model.configure('k8s', { 'audit-policy': AUDIT.replace('apps', 'apps..k8s') });
    await settleBlocked();
    expect(trial.restarted(API)).toHaveLength(1);
    expect(await Promise.all(CONTROL_PLANES.map((unit) => argumentText(cluster, unit, API)))).toEqual(before);
    for (const unit of CONTROL_PLANES) {
      expect(runningArguments(cluster, unit, API)?.['--audit-policy-file']).toBe(
        (await argumentsOf(cluster, unit, API))['--audit-policy-file'],
      );
      expect(model.unit(unit).workload.message).toMatch(
        /audit-policy: kube-apiserver did not come up with --audit-policy-file=\S+: it is not running: .*the previous arguments are restored/,
      );
    }
  });
});

describe('both modes, turned off', { timeout: 300_000 }, () => {
  it('while a control plane dies in its turn, are given back by all others once it is removed', async () => {
    const { model } = cluster;
    const rollout = servicesSince();
    await resetOptions(model, 'k8s', [...Object.keys(BOTH), 'audit-policy', 'kube-scheduler-extra-args']);
    const victim = await vi.waitUntil(() => rollout.down(API), { timeout: 120_000, interval: 10 });
    const unit = CONTROL_PLANES.find((one) => machineOf(cluster, one).id === victim) ?? '';
    await model.loseMachine(unit);
    const others = ALL.filter((one) => one !== unit);
    if (model.unit('k8s/leader').name === unit) await model.moveLeadership(others[0] ?? '');
    await model.settle({ timeoutMs: 60_000 });
    await model.removeUnit(unit, { force: true });
    await settled();
    // The one that died is down for good; of the others never two.
    expect(rollout.mostDown([victim])).toBeLessThanOrEqual(1);
    expect(await everywhere(others)).toEqual(Object.fromEntries(others.map((one) => [one, untouched[one]])));
    for (const one of others)
      expect(Object.keys(model.unit(one).state).filter((key) => key.startsWith('hardening/'))).toEqual([]);
  });

  it('have told no secret, and gave the stand-ins no trouble of their own', async () => {
    await expectNoSecretsToldIn(cluster);
    expect(cluster.machines.failures).toEqual([]);
  });
});

/** Time passes slowly: turns are given by what units tell each other. */
const SLOWLY = { timeoutMs: 240_000, updateStatusEveryMs: 15_000 };

function settled(): Promise<void> {
  return cluster.model.settle({ ...SLOWLY, until: allActive });
}

function settleBlocked(): Promise<void> {
  const { model } = cluster;
  const until = () => CONTROL_PLANES.every((unit) => model.unit(unit).workload.status === 'blocked');
  return model.settle({ ...SLOWLY, until });
}

function idsOf(units: readonly string[]): readonly string[] {
  return units.map((unit) => machineOf(cluster, unit).id).sort();
}

async function modeOf(unit: string, path: string): Promise<string> {
  return ((await lstat(join(machineOf(cluster, unit).root, path))).mode & 0o777).toString(8);
}

/** The version of TLS that both agree on. */
async function handshake(host: string, port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3'): Promise<string | null> {
  const socket = connect({ host, port, maxVersion, rejectUnauthorized: false });
  try {
    await once(socket, 'secureConnect');
    return socket.getProtocol();
  } finally {
    socket.destroy();
  }
}

/** Which services went down from now on, and how many API servers were down at once at most. */
function servicesSince() {
  const { serviceEvents } = cluster.machines;
  const from = serviceEvents.length;
  const events = () => serviceEvents.slice(from);
  const downs = (service: string) => events().filter((event) => event.service === service && event.what === 'down');
  return {
    down: (service: string) => downs(service)[0]?.machine,
    restarted: (service: string) => [...new Set(downs(service).map(({ machine }) => machine))].sort(),
    mostDown(without: readonly string[] = []) {
      const down = new Set<string>();
      let most = 0;
      for (const { machine, service, what } of events()) {
        if (service !== API || without.includes(machine)) continue;
        if (what === 'down') down.add(machine);
        else down.delete(machine);
        most = Math.max(most, down.size);
      }
      return most;
    },
  };
}
