/**
 * Changes that restart services, on a cluster of three control planes: one unit at a time, so that the API stays up; and a
 * change that one API server does not come up with goes no further than that one.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployCluster, openCluster, resetOptions, settleActive, settleUntil, type TestCluster } from './cluster.ts';
import { argumentsOf, argumentText, fingerprints, machineOf, runningArguments, served } from './nodes.ts';
import { restartsSince } from './restarts.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const CONTROL_PLANES = ['k8s/0', 'k8s/1', 'k8s/2'];
const API = 'kube-apiserver';

let cluster: TestCluster;
let original: readonly string[];

beforeAll(async () => {
  cluster = await openCluster();
  await deployCluster(cluster, { controlPlanes: 3, workers: 0 });
  // Long enough that two restarts at once could not miss each other.
  cluster.machines.delays.restartGap = 800;
}, 240_000);

afterAll(() => cluster.close());

describe('an argument of kube-apiserver', { timeout: 240_000 }, () => {
  it('that it does not start with is rolled back where it was tried, and tried nowhere else', async () => {
    const { model } = cluster;
    original = await Promise.all(CONTROL_PLANES.map((unit) => argumentText(cluster, unit, API)));
    const before = await Promise.all(CONTROL_PLANES.map((unit) => fingerprints(cluster, unit)));
    const trial = restartsSince(cluster);
    await model.configure('k8s', { 'kube-apiserver-extra-args': 'no-such-flag=1' });
    await settleBlocked(CONTROL_PLANES);
    expect(trial.most()).toBe(1);
    const [tried] = CONTROL_PLANES.filter((unit) => trial.restarted().includes(machineOf(cluster, unit).id));
    expect(trial.restarted()).toHaveLength(1);
    expect(await Promise.all(CONTROL_PLANES.map((unit) => fingerprints(cluster, unit)))).toEqual(before);
    expect(CONTROL_PLANES.map((unit) => machineOf(cluster, unit).services.isActive(API))).toEqual([true, true, true]);
    const reason =
      'kube-apiserver-extra-args: kube-apiserver did not come up with --no-such-flag=1: it is not running: ' +
      'unknown flag: --no-such-flag (see journalctl -u snap.k8s.kube-apiserver); the previous arguments are restored';
    for (const unit of CONTROL_PLANES)
      expect(model.unit(unit).workload.message).toBe(
        unit === tried
          ? `${reason}; to try again: juju run ${unit} retry`
          : `not tried here, since it failed on ${tried}: ${reason}`,
      );
    expect(model.status().applications['k8s']?.status.message).toContain('kube-apiserver-extra-args');
  });

  it('that is corrected is taken on by one control plane at a time', async () => {
    const { model } = cluster;
    const rollout = restartsSince(cluster);
    const seen = statusesSeen();
    await model.configure('k8s', { 'kube-apiserver-extra-args': 'audit-log-maxage=7 request-timeout=2m0s' });
    await settleActive(model);
    const told = seen.end();
    // Set before the service goes down, by one unit after the other; who waits says for whom.
    for (const number of [1, 2, 3])
      expect(told).toContain(
        `maintenance: restarting kube-apiserver (kube-apiserver-extra-args), ${number} of ${CONTROL_PLANES.length}`,
      );
    expect(seen.readyWhileDown()).toEqual([]);
    const held =
      /^waiting: Waiting for the rollout lock: k8s\/\d has held it since 20\d\d-\d\d-\d\d \d\d:\d\d UTC \(restarting kube-apiserver \(kube-apiserver-extra-args\)\), for /;
    expect(told.filter((text) => held.test(text)).length).toBeGreaterThan(0);
    for (const text of told) expect(text).not.toContain('audit-log-maxage');
    expect(rollout.most()).toBe(1);
    expect(rollout.restarted()).toEqual(machinesOf(CONTROL_PLANES));
    for (const unit of CONTROL_PLANES) {
      const wanted = { '--audit-log-maxage': '7', '--request-timeout': '2m0s', '--secure-port': '6443' };
      expect(await argumentsOf(cluster, unit, API)).toMatchObject(wanted);
      expect(runningArguments(cluster, unit, API)).toMatchObject(wanted);
    }
  });

  it('that is taken back leaves what stood there before, byte for byte, on one control plane at a time', async () => {
    const { model } = cluster;
    const rollout = restartsSince(cluster);
    await resetOptions(model, 'k8s', ['kube-apiserver-extra-args']);
    await settleActive(model);
    expect(rollout.most()).toBe(1);
    expect(rollout.restarted()).toEqual(machinesOf(CONTROL_PLANES));
    const after = await Promise.all(CONTROL_PLANES.map((unit) => argumentText(cluster, unit, API)));
    expect(after).toEqual(original);
    for (const unit of CONTROL_PLANES) {
      expect(runningArguments(cluster, unit, API)).toMatchObject({ '--request-timeout': '300s' });
      expect(runningArguments(cluster, unit, API)).not.toHaveProperty('--audit-log-maxage');
      // Nobody keeps asking for a turn, or keeps telling of what failed.
      expect(Object.keys(model.unit(unit).bag('cluster')).filter((key) => key.startsWith('rolling'))).toEqual([]);
    }
    expect(model.applicationBag('k8s', 'cluster')['rolling-grant']).toBeUndefined();
  });
});

describe('a name for the certificate of the API server', { timeout: 240_000 }, () => {
  it('is issued on every control plane, one at a time, and served', async () => {
    const { model } = cluster;
    const names = async () =>
      Promise.all(CONTROL_PLANES.map(async (unit) => (await served(cluster, unit, 6443)).subjectAltName ?? ''));
    const before = await names();
    const issue = restartsSince(cluster);
    await model.configure('k8s', { 'kube-apiserver-extra-sans': 'api.example.com 192.0.2.10' });
    await settleActive(model);
    expect(issue.most()).toBe(1);
    expect(issue.restarted()).toEqual(machinesOf(CONTROL_PLANES));
    for (const [index, text] of (await names()).entries()) {
      const sans = text.split(', ');
      expect(sans).toEqual(expect.arrayContaining(['DNS:api.example.com', 'IP Address:192.0.2.10']));
      expect(sans).toEqual(expect.arrayContaining((before[index] ?? '-').split(', ')));
    }
  });
});

describe('certificates that an operator renews', { timeout: 240_000 }, () => {
  const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
  const name = 'k8s-charm-control-plane';
  const admin = { username: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] };
  const lease = (method: string, path: string, body?: unknown) => {
    const view = cluster.machines.cluster(machineOf(cluster, 'k8s/0').id);
    return view?.api.ask(admin, method, `${LEASES}${path}`, body);
  };
  const nobodyHasIt = () => expect(lease('GET', `/${name}`)).rejects.toMatchObject({ reason: 'NotFound' });
  const heldBy = (holderIdentity: string, since: Date) =>
    lease('POST', '', {
      metadata: { name },
      spec: { holderIdentity, leaseDurationSeconds: 1800, renewTime: since.toISOString().replace('Z', '000Z') },
    });

  it('on all control planes with one command are renewed on one after the other', async () => {
    const { model } = cluster;
    const renewal = restartsSince(cluster);
    const outcomes = await Promise.all(
      CONTROL_PLANES.map((unit) => model.run(unit, 'refresh-certs', { 'expires-in': '40d' })),
    );
    expect(outcomes.map(({ status, message }) => [status, message])).toEqual(outcomes.map(() => ['completed', '']));
    expect(outcomes.flatMap(({ log }) => log).join('\n')).toMatch(
      /waiting: the rollout lock is held by k8s\/\d, until /,
    );
    expect(renewal.most()).toBe(1);
    expect(renewal.restarted()).toEqual(machinesOf(CONTROL_PLANES));
    for (const unit of CONTROL_PLANES) {
      const days = (Date.parse((await served(cluster, unit, 6443)).validTo) - Date.now()) / 86_400_000;
      expect(days).toBeGreaterThan(39);
      expect(days).toBeLessThan(41);
    }
    await nobodyHasIt();
    await settleActive(model);
  });

  it('wait for one whose action was killed until its next hook gives the turn back', async () => {
    const { model } = cluster;
    await heldBy('k8s/0', new Date());
    await machineOf(cluster, 'k8s/0').files.write('/var/lib/k8s-charm/lease', 'k8s/0\n', 0o600);
    const log: string[] = [];
    const outcome = model.run('k8s/1', 'refresh-certs', { certificates: 'kubelet' }, (line) => {
      if (line.includes('the rollout lock is held by k8s/0')) setImmediate(() => model.updateStatus('k8s/0'));
      log.push(line);
    });
    expect(await outcome).toMatchObject({ status: 'completed' });
    expect(log.join('\n')).toContain('waiting: the rollout lock is held by k8s/0, until ');
    await nobodyHasIt();
    await settleActive(model);
  });

  it('do not wait for a unit whose turn is long over', async () => {
    const { model } = cluster;
    await heldBy('k8s/9', new Date(Date.now() - 1_801_000));
    const outcome = await model.run('k8s/1', 'refresh-certs', { certificates: 'kubelet' });
    expect(outcome).toMatchObject({ status: 'completed' });
    expect(outcome.log.join('\n')).not.toContain('waiting: it is the turn');
    await nobodyHasIt();
  });

  it('keep a change of an option waiting meanwhile', async () => {
    const { model } = cluster;
    await heldBy('somebody/9', new Date());
    await model.configure('k8s', { 'kube-apiserver-extra-args': 'request-timeout=3m0s' });
    const waiting = () =>
      CONTROL_PLANES.some((unit) =>
        model
          .unit(unit)
          .workload.message.includes('Waiting for the rollout lock: an action on somebody/9 holds it until '),
      );
    await settleUntil(model, waiting);
    await lease('DELETE', `/${name}`);
    await settleActive(model);
    for (const unit of CONTROL_PLANES)
      expect(runningArguments(cluster, unit, API)).toMatchObject({ '--request-timeout': '3m0s' });
    await nobodyHasIt();
  });
});

describe('all of it', () => {
  it('told no secret', async () => {
    await expectNoSecretsToldIn(cluster);
  });

  it('gave the stand-ins no trouble of their own', () => {
    expect(cluster.machines.failures).toEqual([]);
  });
});

/** Statuses that the units show from now on, and units that call themselves active while their API server is down. */
function statusesSeen() {
  const told = new Set<string>();
  const lies = new Set<string>();
  const timer = setInterval(() => {
    for (const unit of CONTROL_PLANES) {
      const { status, message } = cluster.model.unit(unit).workload;
      told.add(`${status}: ${message}`);
      if (status === 'active' && !machineOf(cluster, unit).services.isActive(API)) lies.add(`${unit} ${message}`);
    }
  }, 20);
  return {
    end: () => {
      clearInterval(timer);
      return [...told];
    },
    readyWhileDown: () => [...lies],
  };
}

function settleBlocked(units: readonly string[]): Promise<void> {
  const { model } = cluster;
  const until = () => units.every((unit) => model.unit(unit).workload.status === 'blocked');
  return settleUntil(model, until);
}

function machinesOf(units: readonly string[]): readonly string[] {
  return units.map((unit) => machineOf(cluster, unit).id).sort();
}
