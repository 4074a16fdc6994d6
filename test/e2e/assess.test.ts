/** What operators learn of controls: from the action `assess` in its forms, and from the status while a mode is on. */

import { readFile, stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allActive, deployCluster, openCluster, type TestCluster } from './cluster.ts';
import { machineOf } from './nodes.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await openCluster();
  await deployCluster(cluster, { controlPlanes: 2, workers: 1 });
}, 180_000);
afterAll(() => cluster.close());

const ROLES = ['k8s/0', 'k8s/1', 'k8s-worker/0'];

type Results = Readonly<Record<string, string>>;

async function assess(unit: string, parameters: Readonly<Record<string, string>> = {}): Promise<Results> {
  const { status, message, results } = await cluster.model.run(unit, 'assess', parameters);
  expect([status, message]).toEqual(['completed', '']);
  return flat(results);
}

function flat(results: object, prefix = ''): Results {
  return Object.fromEntries(
    Object.entries(results).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null
        ? Object.entries(flat(value, `${prefix}${key}.`))
        : [[`${prefix}${key}`, String(value)]],
    ),
  );
}

interface Report {
  readonly assessments: readonly {
    readonly benchmark: string;
    readonly findings: readonly { readonly number: string; readonly state: string; readonly reason: string }[];
  }[];
}

async function jsonReport(unit: string, results: Results): Promise<Report> {
  const path = machineOf(cluster, unit).files.real(results['report.json'] ?? '');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  return JSON.parse(await readFile(path, 'utf8')) as Report;
}

const findings = ({ assessments }: Report, benchmark: string) =>
  assessments.find((one) => one.benchmark === benchmark)?.findings ?? [];

describe('assess', { timeout: 60_000 }, () => {
  it('on the leader tells of its node and of the policies of the cluster', async () => {
    const results = await assess('k8s/0');
    expect(results['summary']).toMatch(/^CIS 1\.12: score \d+\/\d+, \d+ fail, .*; STIG: score \d+\/\d+, \d+ fail, /);
    const failed = results['cis-1-12.failed-controls']?.split(' ');
    expect(failed).toEqual(expect.arrayContaining(['1.2.16', '1.3.7', '4.1.1', '4.2.12']));
    const report = await jsonReport('k8s/0', results);
    const policies = findings(report, 'cis-1.12').filter(({ number }) => number.startsWith('5.'));
    expect(policies.length).toBeGreaterThan(30);
    expect(policies.filter(({ state }) => state === 'not-evaluated')).toEqual([]);
  });

  it('elsewhere leaves the policies to the leader, and a worker knows of none', async () => {
    const second = await jsonReport('k8s/1', await assess('k8s/1', { benchmark: 'cis' }));
    const policies = findings(second, 'cis-1.12').filter(({ number }) => number.startsWith('5.'));
    expect(new Set(policies.map(({ state }) => state))).toEqual(new Set(['not-evaluated']));
    const results = await assess('k8s-worker/0');
    expect(results['cis-1-12.failed-controls']).toBe('4.1.1 4.2.12 4.2.13 4.2.14');
    expect(results['stig.failed-controls']).toBe('V-242393 V-242394 V-242434 V-245541');
  });

  it('looks at the controls that it is asked for, and writes every form that it is asked for', async () => {
    const parameters = {
      controls: 'kube-apiserver-audit-log-path, V-242402 1.2.1',
      format: 'json, sarif html kube-bench junit ckl cklb',
    };
    const results = await assess('k8s/0', parameters);
    const report = await jsonReport('k8s/0', results);
    expect(report.assessments.map(({ findings: found }) => found.map(({ number }) => number))).toEqual([
      ['1.2.1', '1.2.16'],
      ['V-242402'],
    ]);
    const paths = Object.entries(results).filter(([key]) => key.startsWith('report.'));
    expect(paths.map(([key]) => key.slice('report.'.length)).sort()).toEqual([
      'ckl',
      'cklb',
      'html',
      'json',
      'junit',
      'kube-bench',
      'sarif',
    ]);
    for (const [, path] of paths)
      expect((await machineOf(cluster, 'k8s/0').files.need(path)).length).toBeGreaterThan(0);
  });

  it.each<[Readonly<Record<string, string>>, string]>([
    [{ controls: 'CIS-9.9' }, 'controls: there is no control "cis-9.9"'],
    [
      { controls: 'CIS-1.2.18' },
      'controls: cis-1.2.18 can be kube-apiserver-audit-log-path (CIS 1.24: 1.2.18) or kube-apiserver-audit-log-maxbackup (CIS 1.12: 1.2.18); name the one that you mean by its id',
    ],
    [
      { controls: 'admission-security-context-deny' },
      'controls: admission-security-context-deny is no control of CIS 1.12 or STIG that is looked at on this unit',
    ],
    [{ format: 'pdf' }, 'format must be some of json, junit, kube-bench, ckl, cklb, sarif or html'],
    [{ benchmark: 'cis', format: 'ckl' }, 'format=ckl is for the STIG: ask for benchmark=stig or all'],
  ])('refuses %j', async (parameters, problem) => {
    const { status, message } = await cluster.model.run('k8s/0', 'assess', parameters);
    expect([status, message]).toEqual(['failed', problem]);
  });

  it('keeps the last reports only', async () => {
    const { files } = machineOf(cluster, 'k8s/0');
    const folder = '/var/lib/k8s-charm/reports';
    for (let index = 0; index < 60; index += 1)
      await files.write(`${folder}/2020-01-01T00-00-${String(index).padStart(2, '0')}.000Z.json`, '{}');
    const results = await assess('k8s/0', { controls: '1.2.1' });
    const left = await files.list(folder);
    expect(left).toHaveLength(50);
    expect(left.at(-1)).toBe(results['report.json']?.slice(folder.length + 1));
  });
});

describe('while a mode is on', { timeout: 120_000 }, () => {
  const message = (unit: string) => cluster.model.unit(unit).workload.message;

  it('the status says how many controls hold: all but what is waived, as the action does', async () => {
    const { model } = cluster;
    await model.configure('k8s', {
      'cis-mode': true,
      'cis-benchmark': '1.24',
      'pod-security': 'restricted',
      'hardening-waivers': JSON.stringify([
        { control: '1.2.11', reason: 'images are loaded by hand' },
        { control: '4.4.4', reason: 'x' },
        { control: '5.1.5', reason: 'nobody runs as these', allow: ['ServiceAccount *'] },
      ]),
    });
    // One is waived, and the two about encryption at rest come about at a pace of their own.
    const missing = 3;
    const scores = () => ROLES.map((unit) => /CIS node (\d+)\/(\d+)/.exec(message(unit)) ?? []);
    await model.settle({
      timeoutMs: 100_000,
      until: () => allActive(model) && scores().every(([, passed, all]) => Number(passed) >= Number(all) - missing),
      updateStatusEveryMs: 2_000,
    });
    const unknown = '4.4.4 in hardening-waivers is no control of this charm.';
    for (const unit of ROLES) expect(message(unit)).toContain(unknown);
    for (const unit of ROLES.slice(0, 2)) {
      const results = await assess(unit, { benchmark: 'cis' });
      expect(message(unit)).toContain(`CIS node ${results['cis-1-24.node-score']};`);
      const failed = results['cis-1-24.failed-controls']?.split(' ').filter((number) => /^[1-4]\./.test(number));
      expect(['1.2.29', '1.2.30']).toEqual(expect.arrayContaining(failed ?? []));
      expect(results).toMatchObject({
        'cis-1-24.score': expect.stringMatching(/^\d+\/\d+ \(1 waived\)$/),
        'cis-1-24.waived-controls': '1.2.11',
        problems: unknown,
      });
    }
    // What the API server enforces by its file holds for namespaces without labels; what a waiver allows by name is allowed.
    const leader = await jsonReport('k8s/0', await assess('k8s/0', { benchmark: 'cis' }));
    const policies = findings(leader, 'cis-1.24').filter(({ number }) => /^5\.(2\.|1\.5$)/.test(number));
    expect(policies.map(({ number, state }) => [number, state])).toEqual(
      policies.map(({ number }) => [number, number === '5.2.11' ? 'not-applicable' : 'pass']),
    );
    // A worker has no API server, so nothing of it is waived.
    expect(message('k8s-worker/0')).toMatch(/CIS node (\d+)\/\1;/);
  });
});
