/** The actions as an operator runs them: good ones with what they leave behind, nonsense with its message and no change. */

import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openKubernetes } from '../../src/clients/kubernetes/open-kubernetes.ts';
import type { ActionOutcome } from '../standins/juju/model.ts';
import {
  deployCluster,
  NO_QUORUM,
  onJuju4,
  openCluster,
  resetOptions,
  settleActive,
  type TestCluster,
} from './cluster.ts';
import { fingerprints, machineOf, runningArguments, served } from './nodes.ts';
import { expectNoSecretsToldIn } from './secrecy.ts';

const DAY = 86_400_000;
const CONTROL = 'k8s/1';
const WORKER = 'k8s-worker/0';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
  // A node's name is lower case, whatever its machine's is.
  const machine = await cluster.machines.provision('2');
  await machine.files.write('/proc/sys/kernel/hostname', 'Edge-Node-7\n', 0o644);
  await deployCluster(cluster, { controlPlanes: 2, workers: 1 });
}, 240_000);

afterAll(() => cluster.close());

async function run(unit: string, action: string, parameters: Record<string, unknown> = {}): Promise<ActionOutcome> {
  const outcome = await cluster.model.run(unit, action, parameters);
  await cluster.model.settle({ timeoutMs: 60_000 });
  return outcome;
}

/** What a unit has and shows, to be compared before and after something that must change nothing. */
async function everything(unit: string) {
  const { model, machines } = cluster;
  return structuredClone({
    files: await fingerprints(cluster, unit),
    services: machines.serviceEvents.length,
    requests: requests().length,
    state: model.unit(unit).state,
    bag: model.unit(unit).bag('cluster'),
    peers: model.applicationBag('k8s', 'cluster'),
    workers: model.applicationBag('k8s', 'k8s-cluster'),
    secrets: model.secrets(),
  });
}

function requests() {
  return cluster.machines.cluster(machineOf(cluster, CONTROL).id)?.certificateSigningRequests() ?? [];
}

async function certificate(unit: string, path: string): Promise<X509Certificate> {
  return new X509Certificate(await machineOf(cluster, unit).files.need(`/etc/kubernetes/pki/${path}.crt`));
}

function namesOf({ subjectAltName }: X509Certificate): readonly string[] {
  return (subjectAltName ?? '').split(', ').sort();
}

function nodeOf(unit: string): string {
  return cluster.machines.machine(cluster.model.unit(unit).machine.id).state.k8sd.member?.name ?? '';
}

function daysLeft({ validToDate }: X509Certificate): number {
  return (validToDate.getTime() - Date.now()) / DAY;
}

describe('refresh-certs with nonsense', { timeout: 60_000 }, () => {
  const EXPIRES = 'expires-in must be a number and one of y, mo, d, h, m, such as 1y, 30d or 12h; it is';
  const BOTH: readonly (readonly [Record<string, string>, string])[] = [
    [{ 'expires-in': '0' }, `${EXPIRES} "0"`],
    [{ 'expires-in': '-1d' }, `${EXPIRES} "-1d"`],
    [{ 'expires-in': '1.5y' }, `${EXPIRES} "1.5y"`],
    [{ 'expires-in': 'for ever' }, `${EXPIRES} "for ever"`],
    [{ 'expires-in': '9999999999999999y' }, EXPIRES],
    [{ 'expires-in': '0d' }, 'expires-in must be at least 10m; a shorter life would end before it could be renewed'],
    [{ 'expires-in': '30y' }, 'expires-in must be at most 10y'],
    [{ 'extra-sans': 'a.example, b c$(id)' }, 'extra-sans has "c$(id)", which is neither a DNS name nor an IP address'],
    [
      { 'expire-in': '30d' },
      'there is no parameter expire-in (did you mean expires-in?); there are expires-in, extra-sans,',
    ],
    [{ 'extra-sans': '10.0.0.256/8' }, 'extra-sans has "10.0.0.256/8", which is neither a DNS name nor an IP address'],
  ];
  const OF_CONTROL_PLANE: readonly (readonly [Record<string, string>, string])[] = [
    [
      { certificates: 'apiserver nonsense' },
      'certificates has nonsense; there are admin.conf, apiserver, apiserver-kubelet-client, controller.conf, front-proxy-client, kubelet, kubelet.conf, proxy.conf, scheduler.conf',
    ],
    [{ certificates: 'ca' }, 'ca cannot be refreshed: k8sd cannot replace'],
    [
      { certificates: 'etcd/server' },
      'etcd/server cannot be refreshed: k8sd makes it only when a node joins: add a unit',
    ],
  ];
  const rows = [
    ...BOTH.map(([parameters, message]) => [CONTROL, parameters, message] as const),
    ...OF_CONTROL_PLANE.map(([parameters, message]) => [CONTROL, parameters, message] as const),
    ...BOTH.map(([parameters, message]) => [WORKER, parameters, message] as const),
  ];

  it('fails with the reason, and changes nothing', async () => {
    for (const unit of [CONTROL, WORKER]) {
      const before = await everything(unit);
      for (const [, parameters, message] of rows.filter(([of]) => of === unit)) {
        const outcome = await run(unit, 'refresh-certs', parameters);
        expect(outcome, JSON.stringify(parameters)).toMatchObject({ status: 'failed' });
        expect(outcome.message.slice(0, message.length)).toBe(message);
      }
      expect(await everything(unit)).toEqual(before);
    }
  });

  it('of a kind that Juju itself refuses never reaches the unit', async () => {
    const asked = run(CONTROL, 'refresh-certs', { 'expires-in': 30 });
    // 4.0 takes the task, and its agent fails it.
    if (onJuju4(cluster.model))
      expect(await asked).toMatchObject({
        status: 'failed',
        message: expect.stringContaining('must be of type string'),
      });
    else await expect(asked).rejects.toThrow('must be of type string');
  });

  it('of the other charm is refused with what there is', async () => {
    const outcome = await run(WORKER, 'refresh-certs', { certificates: 'kubelet' });
    expect(outcome.message).toBe('there is no parameter certificates; there are expires-in, extra-sans, scope');
    expect((await run(WORKER, 'refresh-certs', { scope: 'cluster' })).message).toContain(
      'juju run k8s/leader refresh-certs scope=cluster',
    );
  });
});

describe('refresh-certs on a control plane', { timeout: 60_000 }, () => {
  it('renews what is named, for as long as is asked, keeps the names that were there and serves the new ones', async () => {
    const before = await certificate(CONTROL, 'apiserver');
    const kubelet = await certificate(CONTROL, 'kubelet');
    const outcome = await run(CONTROL, 'refresh-certs', {
      'expires-in': '30d',
      'extra-sans': 'API.Example.COM,192.0.2.77',
      certificates: 'apiserver, front-proxy-client, proxy-conf',
    });
    expect(outcome).toMatchObject({ status: 'completed', results: { status: 'refreshed' } });
    expect(Object.keys(outcome.results['expires'] as object).sort()).toEqual([
      'apiserver',
      'front-proxy-client',
      'proxy-conf',
    ]);
    expect(outcome.log).toContain('asking k8sd for 3 new certificates');
    const after = await certificate(CONTROL, 'apiserver');
    expect(daysLeft(after)).toBeGreaterThan(29.9);
    expect(daysLeft(after)).toBeLessThan(30.1);
    const sans = (after.subjectAltName ?? '').split(', ');
    expect(sans).toEqual(expect.arrayContaining((before.subjectAltName ?? '-').split(', ')));
    expect(sans).toEqual(expect.arrayContaining(['DNS:api.example.com', 'IP Address:192.0.2.77']));
    expect((await served(cluster, CONTROL, 6443)).fingerprint256).toBe(after.fingerprint256);
    expect((await certificate(CONTROL, 'kubelet')).fingerprint256).toBe(kubelet.fingerprint256);

    // All of them, for a year; the names that were added stay.
    const all = await run(CONTROL, 'refresh-certs');
    expect(all).toMatchObject({ status: 'completed' });
    expect(Object.keys(all.results['expires'] as object)).toHaveLength(9);
    const renewed = await certificate(CONTROL, 'apiserver');
    expect(daysLeft(renewed)).toBeGreaterThan(364);
    expect((renewed.subjectAltName ?? '').split(', ').sort()).toEqual(sans.sort());
    expect((await served(cluster, CONTROL, 10250)).fingerprint256).toBe(
      (await certificate(CONTROL, 'kubelet')).fingerprint256,
    );
    await settleActive(cluster.model, 40_000);
  });
});

describe('refresh-certs on a worker', { timeout: 120_000 }, () => {
  it('renews all three after the control plane has approved them', async () => {
    const { model } = cluster;
    const before = await certificate(WORKER, 'kubelet');
    const outcome = await model.run(WORKER, 'refresh-certs', { 'expires-in': '12h' });
    expect(outcome).toMatchObject({ status: 'completed', results: { status: 'requested' } });
    await settleActive(model, 60_000);
    const after = await certificate(WORKER, 'kubelet');
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(daysLeft(after)).toBeLessThan(0.6);
    expect(namesOf(after)).toEqual(namesOf(before));
    expect((await served(cluster, WORKER, 10250)).fingerprint256).toBe(after.fingerprint256);
    // A month of the calendar has 28 to 31 days.
    expect(await run(WORKER, 'refresh-certs', { 'expires-in': '30d' })).toMatchObject({ status: 'completed' });
    await settleActive(model, 60_000);
    expect(daysLeft(await certificate(WORKER, 'kubelet'))).toBeGreaterThan(29.9);
    expect(daysLeft(await certificate(WORKER, 'kubelet'))).toBeLessThan(30.1);
    expect(model.unit(WORKER).bag('cluster')['certificate-requests']).toBeUndefined();
    expect(model.applicationBag('k8s', 'k8s-cluster')[`${WORKER}-certificates`]).toBeUndefined();
  });

  it('for names that are not its own is denied, told on both sides, and the old certificates stay in service', async () => {
    const { model } = cluster;
    const before = await fingerprints(cluster, WORKER);
    await model.run(WORKER, 'refresh-certs', {
      'extra-sans': `api.example.com ${machineOf(cluster, CONTROL).address}`,
    });
    await model.settle({ timeoutMs: 60_000 });
    expect(await fingerprints(cluster, WORKER)).toEqual(before);
    const reason = /api\.example\.com.* not the unit's own/;
    expect(model.unit(WORKER).workload).toMatchObject({ status: 'active', message: expect.stringMatching(reason) });
    const logged = model.log().filter(({ level, message }) => level === 'WARNING' && reason.test(message));
    expect(new Set(logged.map(({ entity }) => entity.split('/')[0]))).toEqual(new Set(['k8s', 'k8s-worker']));
    // Nothing of it is left that somebody could approve later.
    expect(requests()).toEqual([]);
    expect((await served(cluster, WORKER, 10250)).fingerprint256).toBe(
      (await certificate(WORKER, 'kubelet')).fingerprint256,
    );
    // The next good one wipes the failure out.
    await model.run(WORKER, 'refresh-certs');
    await settleActive(model, 60_000);
    expect(model.unit(WORKER).workload.message).toBe('Ready');
  });
});

describe('certs-status', () => {
  it.each([CONTROL, WORKER])('tells the certificates of %s, as they are in its files', async (unit) => {
    const table = await run(unit, 'certs-status');
    expect(String(table.results['certificates'])).toMatch(/^CERTIFICATE +EXPIRES +IN +SIGNED BY/);
    const json = await run(unit, 'certs-status', { format: 'json' });
    const rows = JSON.parse(String(json.results['certificates'])) as {
      name: string;
      expires: string;
      sans: string[];
    }[];
    const kubelet = rows.find(({ name }) => name === 'kubelet');
    expect(kubelet?.expires).toBe((await certificate(unit, 'kubelet')).validToDate.toISOString());
    expect(kubelet?.sans).toContain(nodeOf(unit));
    expect(String((await run(unit, 'certs-status', { format: 'yaml' })).results['certificates'])).toContain(
      '- name: "kubelet"',
    );
  });
});

describe('get-kubeconfig', () => {
  it.each([
    ['of the unit itself', 'k8s/0', {}],
    ['of another, by its address', 'k8s/0', { server: 'other' }],
    ['from a unit that does not lead', CONTROL, {}],
  ])('gives one that works: %s', async (_, unit, asked) => {
    const { model } = cluster;
    const other = `https://${machineOf(cluster, CONTROL).address}:6443`;
    const { status, results } = await run(unit, 'get-kubeconfig', 'server' in asked ? { server: other } : {});
    expect(status).toBe('completed');
    const content = model.secretContent(`secret:${String(results['secret-id'])}`);
    const kubeconfig = content['kubeconfig'] ?? '';
    expect(kubeconfig).toContain('server' in asked ? other : `https://${machineOf(cluster, unit).address}:6443`);
    const nodes = await (await openKubernetes(kubeconfig, { timeoutMs: 10_000 })).nodes();
    expect(nodes.map(({ name }) => name).sort()).toEqual(['k8s/0', CONTROL, WORKER].map(nodeOf).sort());
    expect(JSON.stringify(results)).not.toContain('client-key-data');
  });

  it.each(['http://api.example.com', 'https://a b', 'api.example.com:6443', 'https://x"\nusers: []'])(
    'refuses the server %j',
    async (server) => {
      const before = await everything('k8s/0');
      const outcome = await run('k8s/0', 'get-kubeconfig', { server });
      expect(outcome).toMatchObject({ status: 'failed', message: 'server must be a URL that begins with https://' });
      expect(await everything('k8s/0')).toEqual(before);
    },
  );
});

describe('pre-upgrade-check', { timeout: 60_000 }, () => {
  it('finds a settled cluster fit, from every control plane', async () => {
    for (const unit of ['k8s/0', CONTROL])
      expect(await run(unit, 'pre-upgrade-check')).toMatchObject({
        status: 'completed',
        results: {
          result: 'fit for an upgrade',
          version: '1.36.4',
          // Two members of etcd are worse than one.
          warnings: expect.stringMatching(/^2 control-plane nodes: etcd has no quorum while one of them is down; /),
        },
      });
    expect(await run(WORKER, 'pre-upgrade-check')).toMatchObject({
      status: 'completed',
      results: { result: 'fit for an upgrade', version: '1.36.4' },
    });
    expect(cluster.model.unit('k8s/0').workload.message).toBe(`Ready; ${NO_QUORUM}`);
  });

  it('says what stands in the way', async () => {
    const { machines, model } = cluster;
    const { services } = machineOf(cluster, WORKER);
    const name = nodeOf(WORKER);
    await services.stop('kubelet');
    const node = () =>
      machines
        .cluster(machineOf(cluster, CONTROL).id)
        ?.nodes()
        .find(({ metadata }) => metadata.name === name);
    await expect.poll(() => JSON.stringify(node()?.['status'] ?? {}), { timeout: 20_000 }).toContain('"Unknown"');
    const outcome = await run('k8s/0', 'pre-upgrade-check');
    expect(outcome).toMatchObject({ status: 'failed', message: `not fit for an upgrade: node ${name} is not ready` });
    await services.start('kubelet');
    await settleActive(model, 60_000);
  });
});

describe('plan', { timeout: 120_000 }, () => {
  it('of a settled unit is empty', async () => {
    for (const unit of ['k8s/0', CONTROL, WORKER])
      expect((await run(unit, 'plan')).results).toMatchObject({ changes: 'nothing to change', count: '0' });
  });

  it('says what will be done, does nothing of it, and is what is done then', async () => {
    const { model } = cluster;
    // Hooks cannot do anything for now, so that it can be looked at what the action leaves behind; Juju runs actions all the same.
    onTestFinished(() => {
      model.hookToolFault = undefined;
    });
    model.hookToolFault = (unit) =>
      model.unit(unit).agent.message.startsWith('running action') ? undefined : { code: 1, stderr: 'ERROR not now' };
    const before = new Map<string, unknown>();
    for (const unit of ['k8s/0', CONTROL, WORKER]) before.set(unit, await everything(unit));
    const planned = async (unit: string) => (await model.run(unit, 'plan')).results;
    // Files come first, and arguments that name them only in the round after: all of it is shown, a line each.
    await model.configure('k8s', { 'cis-mode': true });
    const { changes: hardening, status: hardeningStatus } = await planned('k8s/0');
    expect(hardeningStatus).toMatch(/^maintenance: \d+ changes pending, \d of which restart services; /);
    expect(hardening).toMatch(
      /^1\. .*\n(?:.*\n)*\d+\. restart kube-apiserver \(.*cis-mode.*\) \(with the rollout lock\)\n {3}set --/m,
    );
    expect(hardening).toContain('\n   set --audit-log-path=');
    for (const line of String(hardening).split('\n')) expect(line.length, line).toBeLessThanOrEqual(160);
    await resetOptions(model, 'k8s', ['cis-mode']);
    expect(await everything('k8s/0')).toEqual(before.get('k8s/0'));

    await model.configure('k8s', {
      'kube-scheduler-extra-args': 'kube-api-qps=61',
      'node-labels': 'plan=yes',
      'metrics-server-enabled': false,
    });
    await model.configure('k8s-worker', { 'kubelet-extra-args': 'max-pods=61' });
    const scheduler = [
      'restart kube-scheduler (kube-scheduler-extra-args) (with the rollout lock)',
      'set --kube-api-qps=61',
    ];
    const label = (unit: string) => `label node ${nodeOf(unit)}: plan=yes`;
    const said = new Map<string, readonly string[]>();
    for (const unit of ['k8s/0', CONTROL, WORKER]) {
      const { changes, status } = await planned(unit);
      expect(status).toMatch(/^maintenance: \d changes? pending, 1 of which restarts services/);
      said.set(
        unit,
        String(changes)
          .split('\n')
          .map((line) => line.replace(/^(?:\d+\. | {3})/, '')),
      );
      expect(await everything(unit)).toEqual(before.get(unit));
    }
    expect(new Set(said.get('k8s/0'))).toEqual(
      new Set([...scheduler, label('k8s/0'), 'configure the cluster: metrics-server']),
    );
    expect(new Set(said.get(CONTROL))).toEqual(new Set([...scheduler, label(CONTROL)]));
    expect(said.get(WORKER)).toEqual([
      'restart kubelet (kubelet-extra-args) (with the rollout lock)',
      'set --max-pods=61',
    ]);

    model.hookToolFault = undefined;
    const from = model.log().length;
    await settleActive(model, 60_000);
    for (const [unit, lines] of said) {
      const done = model
        .log()
        .slice(from)
        .filter(({ entity }) => entity === unit);
      for (const line of lines.filter((each) => !each.startsWith('restart ')))
        expect(done.map(({ message }) => message).join('\n')).toContain(line);
    }
    expect(runningArguments(cluster, CONTROL, 'kube-scheduler')).toMatchObject({ '--kube-api-qps': '61' });
    expect(runningArguments(cluster, WORKER, 'kubelet')).toMatchObject({ '--max-pods': '61' });
    for (const unit of ['k8s/0', CONTROL, WORKER]) expect((await run(unit, 'plan')).results['count']).toBe('0');
  });

  it('shows what options would change, and sets and writes nothing', async () => {
    const { model } = cluster;
    const units = ['k8s/0', CONTROL, WORKER];
    const before = new Map<string, unknown>();
    for (const unit of units) before.set(unit, await everything(unit));
    const tried = async (unit: string, config: unknown) => (await run(unit, 'plan', { config })).results;

    const hardening = await tried('k8s/0', 'cis-mode=true');
    expect(hardening).toMatchObject({
      assumed: 'cis-mode',
      rounds: expect.stringMatching(/^1-\d+, \d+/),
      disruptive: expect.stringMatching(/^\d+(?:, \d+)*$/),
      'rollout-lock': 'free; the leader grants it to one unit at a time',
    });
    expect(hardening['changes']).toMatch(
      /\d+\. restart kube-apiserver \(.*cis-mode.*\) \(with the rollout lock\)\n {3}set --/,
    );
    expect(hardening['changes']).toContain('tell the workers on');

    const labels = await tried(CONTROL, { 'node-labels': 'tried=yes', 'kube-scheduler-extra-args': 'kube-api-qps=77' });
    expect(labels).toMatchObject({ count: '2', assumed: 'kube-scheduler-extra-args, node-labels' });
    expect(labels['changes']).toContain(`label node ${nodeOf(CONTROL)}: tried=yes`);
    expect(labels['changes']).toContain('set --kube-api-qps=77');
    const kubelet = await tried(WORKER, 'kubelet-extra-args="max-pods=77 v=3"\ncis-mode=true');
    expect(kubelet['changes']).toMatch(/restart kubelet \(.*\)\n(?: {3}.*\n)* {3}set --max-pods=77/);
    expect(kubelet['rollout-lock']).toMatch(/^free; the leader of the control plane grants it to as many workers as /);
    expect(await tried('k8s/0', 'bootstrap-datastore=dqlite')).toMatchObject({
      changes: 'nothing to change',
      status: expect.stringMatching(/^blocked: bootstrap-datastore must be managed-etcd or etcd/),
    });
    expect(await tried('k8s/0', '')).toMatchObject({ changes: 'nothing to change', count: '0' });
    for (const [unit, config, message] of [
      ['k8s/0', 'cis-mod=true', 'config: there is no option "cis-mod" (did you mean cis-mode?)'],
      ['k8s/0', 'cis-mode=perhaps', 'config: cis-mode must be true or false'],
      [WORKER, 'dns-enabled=false', 'config: dns-enabled is an option of control-plane units; run plan on one of them'],
    ] as const)
      expect(await run(unit, 'plan', { config })).toMatchObject({ status: 'failed', message });

    for (const unit of units) expect(await everything(unit)).toEqual(before.get(unit));
    for (const unit of units) expect((await run(unit, 'plan')).results['count']).toBe('0');
    await settleActive(model, 60_000);
  });

  it('tells what stands in the way of a change', async () => {
    const { model } = cluster;
    await model.configure('k8s', { 'snap-channel': 'nowhere' });
    await model.settle({ timeoutMs: 60_000 });
    expect((await run(CONTROL, 'plan')).results).toMatchObject({
      changes: 'nothing to change',
      status:
        'blocked: snap-channel is "nowhere", of which the track "nowhere" is not a version and -classic; set a channel such as 1.36-classic/stable',
    });
    await resetOptions(model, 'k8s', ['snap-channel']);
    await settleActive(model, 60_000);
  });
});

describe('a unit that is in no cluster', { timeout: 120_000 }, () => {
  it('says so in every action', async () => {
    const { model } = cluster;
    const { archives } = cluster;
    await model.deploy(archives.k8s, { application: 'lonely', config: { 'bootstrap-datastore': 'etcd' } });
    await model.deploy(archives.worker, { application: 'lonely-worker' });
    await model.settle({ timeoutMs: 60_000 });
    expect(model.unit('lonely/0').workload).toMatchObject({
      status: 'blocked',
      message: 'Missing etcd relation: juju integrate lonely:etcd <application of etcd>',
    });
    const answers: readonly (readonly [string, string, string])[] = [
      ['lonely/0', 'refresh-certs', 'this unit is in no cluster; there are no certificates to refresh'],
      [
        'lonely/0',
        'certs-status',
        'this unit has no certificates yet: Missing etcd relation: juju integrate lonely:etcd <application of etcd>',
      ],
      ['lonely/0', 'get-kubeconfig', 'this unit has no kubeconfig yet; it is in no cluster'],
      ['lonely/0', 'pre-upgrade-check', 'this unit is in no cluster'],
      ['lonely-worker/0', 'refresh-certs', 'this unit is in no cluster; there are no certificates to refresh'],
      [
        'lonely-worker/0',
        'certs-status',
        'this unit has no certificates yet: Missing cluster integration: juju integrate k8s:k8s-cluster lonely-worker:cluster',
      ],
    ];
    for (const [unit, action, message] of answers)
      expect(await run(unit, action), `${action} on ${unit}`).toMatchObject({ status: 'failed', message });
    expect((await run('lonely/0', 'plan')).results).toMatchObject({
      status: 'blocked: Missing etcd relation: juju integrate lonely:etcd <application of etcd>',
    });
    expect((await run('lonely-worker/0', 'plan')).results).toMatchObject({
      status: 'blocked: Missing cluster integration: juju integrate k8s:k8s-cluster lonely-worker:cluster',
    });
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
