import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogues } from '../../../scripts/catalogues/read.ts';
import { assess, judge } from '../../../src/capabilities/hardening/assess.ts';
import { catalogueOf, controlsOf } from '../../../src/capabilities/hardening/catalogue.ts';
import type { Benchmark, Control } from '../../../src/capabilities/hardening/control.ts';
import type { Assessment, Finding, Waiver } from '../../../src/capabilities/hardening/finding.ts';
import type { NodeFacts } from '../../../src/capabilities/hardening/node-facts.ts';
import { observeNode } from '../../../src/capabilities/hardening/observe-node.ts';
import { leavesOf } from '../../../src/capabilities/hardening/reading.ts';
import { nodeScore, scoreText } from '../../../src/capabilities/hardening/score.ts';
import { identified } from '../../../src/capabilities/hardening/waivers.ts';
import { openHost } from '../../../src/clients/host/open-host.ts';
import { bootstrapped, discard, eventually, joined, newMachines } from '../../standins/machines/ask.ts';
import type { NodeMachine } from '../../standins/machines/machines.ts';
import { paths } from '../../standins/machines/node/paths.ts';
import { broken, mends, remedied, withFlag } from './altered-facts.ts';
import { ON_UNIT } from './subject.ts';

const catalogues = await readCatalogues();
const known = [...catalogues.cis.controls, ...catalogues.stig.controls];
const every = (benchmark: Benchmark) => controlsOf(catalogues[catalogueOf(benchmark)], benchmark);
const onNode = (benchmark: Benchmark) => every(benchmark).filter(({ places }) => places.includes('control-plane'));

let machines: Awaited<ReturnType<typeof newMachines>>;
let controlPlane: NodeMachine;
let facts: NodeFacts;
let worker: NodeFacts;
beforeAll(async () => {
  machines = await newMachines();
  controlPlane = await bootstrapped(machines, '0');
  const node = await joined(machines, controlPlane, '1', { worker: true });
  for (const machine of [controlPlane, node]) {
    await eventually(() => machine.files.exists(`${paths.cni}/05-cilium.conflist`), 20_000);
    const proxy = 'snap.k8s.kube-proxy.service';
    await eventually(
      async () => (await openHost(machine.root).systemd.units([proxy]))?.get(proxy)?.enabled === false,
      20_000,
    );
  }
  facts = await observe(controlPlane, 'control-plane');
  worker = await observe(node, 'worker');
});
afterAll(async () => {
  expect(machines.failures).toEqual([]);
  await discard(machines);
});

function observe(machine: NodeMachine, role: NodeFacts['role']): Promise<NodeFacts> {
  return observeNode(openHost(machine.root), known, { role, version: '1.36.4', exemptNamespaces: [] });
}

const NOW = new Date('2026-11-23T12:00:00Z');

function assessed(benchmark: Benchmark, given: NodeFacts, waived: readonly Waiver[] = []): Assessment {
  const waivers = waiversOf(waived);
  const controls = every(benchmark).filter(({ places }) => places.includes('cluster') || places.includes(given.role));
  return assess({ benchmark, controls, known, facts: given, waivers, api: undefined, ...ON_UNIT, now: NOW });
}

function waiversOf(given: readonly Waiver[]): readonly Waiver[] {
  const reading = identified(given, known);
  return 'value' in reading ? reading.value : expect.fail(reading.problem);
}

function states(findings: readonly Finding[], state: string): readonly string[] {
  return findings.filter((one) => one.state === state).map(({ number }) => number);
}

describe('a node that nobody has hardened', () => {
  it.each(['cis-1.24', 'cis-1.12', 'stig'] as const)('has the results of %s that are known of it', (benchmark) => {
    const { findings } = assessed(benchmark, facts);
    const different = findings
      .filter(({ control }) => control.places.includes('control-plane'))
      .filter(({ control, state }) => state !== control.byDefault[benchmark])
      .map(({ number, state, reason }) => ({ number, state, reason }));
    expect(different).toEqual([]);
  });

  it('fails where Canonical says that it does', () => {
    const cis = assessed('cis-1.24', facts);
    expect(states(cis.findings, 'fail')).toEqual(
      '1.2.9 1.2.11 1.2.18 1.2.19 1.2.20 1.2.21 1.2.29 1.2.30 1.3.7 1.4.2 3.2.1 4.1.1 4.2.6'.split(' '),
    );
    expect(states(assessed('cis-1.12', facts).findings, 'fail')).toEqual(
      '1.2.3 1.2.9 1.2.11 1.2.16 1.2.17 1.2.18 1.2.19 1.2.27 1.2.28 1.2.30 1.3.7 1.4.2 3.2.1 4.1.1 4.2.12 4.2.13 4.2.14'.split(
        ' ',
      ),
    );
    expect(states(assessed('stig', facts).findings, 'fail')).toEqual(
      'V-242384 V-242385 V-242402 V-242403 V-242434 V-242461 V-242462 V-242463 V-242464 V-242465 V-245541 V-254800 V-274882'.split(
        ' ',
      ),
    );
    expect(scoreText(nodeScore(cis))).toBe('78/91');
  });

  it('as a worker is looked at for what applies to workers', () => {
    const { findings } = assessed('cis-1.12', worker);
    expect(states(findings, 'fail')).toEqual(['4.1.1', '4.2.12', '4.2.13', '4.2.14']);
    expect(states(assessed('stig', worker).findings, 'fail')).toEqual(['V-242393', 'V-242394', 'V-242434', 'V-245541']);
  });

  it('says of policies of the cluster that nobody has asked the API', () => {
    const { findings } = assessed('cis-1.24', facts);
    expect(findings.find(({ number }) => number === '5.1.1')).toMatchObject({ state: 'not-evaluated' });
  });
});

const evaluable = (benchmark: Benchmark) =>
  onNode(benchmark).filter(({ check }) =>
    leavesOf(check).some(({ type }) => !['manual', 'not-applicable'].includes(type)),
  );
const cases = (['cis-1.24', 'cis-1.12', 'stig'] as const).flatMap((benchmark) =>
  evaluable(benchmark).map((control) => [benchmark, control.numbers[benchmark] ?? '', control] as const),
);

/** In the stand-in kube-proxy does not run, since the network replaces it. */
function withNeeded(control: Control): NodeFacts {
  if (control.needs !== 'kube-proxy') return facts;
  return { ...facts, services: { ...facts.services, 'kube-proxy': { ...facts.services['kube-proxy'], inUse: true } } };
}

describe.each(cases)('%s %s', (benchmark, _, control) => {
  const stig = benchmark === 'stig';

  it('is reported with evidence when somebody breaks it, and mended by its remedy', () => {
    const given = remedied(control.remedy, withNeeded(control), stig);
    for (const leaf of leavesOf(control.check)) {
      const spoilt = broken(leaf, given);
      if (spoilt === undefined) continue;
      const verdict = judge(control, spoilt);
      const expected = leaf.type === 'content' && leaf.otherwise !== undefined ? leaf.otherwise : 'fail';
      expect(verdict).toMatchObject({ state: expected });
      expect(verdict.evidence.length).toBeGreaterThan(0);
      expect(verdict.reason).not.toBe('');
      if (control.remedy.some((step) => mends(step, leaf))) {
        expect(judge(control, remedied(control.remedy, spoilt, stig))).toMatchObject({ state: 'pass' });
      }
    }
  });

  it('holds once its remedy is applied, if it has one', () => {
    if (control.remedy.length === 0) return;
    expect(judge(control, remedied(control.remedy, withNeeded(control), stig))).toMatchObject({ state: 'pass' });
  });

  it('is neither right nor wrong while a process differs from its file', () => {
    const flags = leavesOf(control.check).filter(({ type }) => type === 'flag' || type === 'list-flag');
    const given = remedied(control.remedy, withNeeded(control), stig);
    for (const leaf of flags) {
      for (const where of ['file', 'process'] as const) {
        const { process } = given.services[(leaf as { service: keyof NodeFacts['services'] }).service];
        const spoilt = broken(leaf, given, [where]);
        if (process === undefined || spoilt === undefined) continue;
        expect(judge(control, spoilt)).toMatchObject({ state: 'pending-restart' });
      }
    }
  });
});

describe('an assessment', () => {
  it('takes the remedies of all controls together: nothing is left to fail', () => {
    const all = (['cis-1.12', 'stig'] as const).map((benchmark) => {
      const steps = onNode(benchmark).flatMap(({ remedy }) => remedy);
      return assessed(benchmark, remedied(steps, facts, benchmark === 'stig'));
    });
    for (const { findings } of all) expect(states(findings, 'fail')).toEqual([]);
  });

  it('does not look at etcd where the datastore is elsewhere, nor at kube-proxy where it is replaced', () => {
    const none = { file: undefined, process: undefined, inUse: false };
    const elsewhere: NodeFacts = { ...facts, services: { ...facts.services, etcd: none } };
    const { findings } = assessed('cis-1.12', elsewhere);
    const numbers = ['1.1.7', '1.1.11', '2.1', '2.7', '4.3.1'];
    expect(states(findings, 'not-applicable')).toEqual(expect.arrayContaining(numbers));
  });

  it('takes a boolean in every way in which Go does', () => {
    for (const value of ['0', 'f', 'False', 'FALSE']) {
      const control = every('cis-1.24').find(({ id }) => id === 'kube-apiserver-profiling') as Control;
      expect(judge(control, withFlag(facts, 'kube-apiserver', '--profiling', value))).toMatchObject({ state: 'pass' });
    }
  });

  it('shows fifty pieces of evidence and counts the rest', () => {
    const files = Object.fromEntries(
      Array.from({ length: 70 }, (_, index) => [
        `/etc/kubernetes/pki/${index}.key`,
        { mode: 0o644, uid: 0, gid: 0, kind: 'file' as const },
      ]),
    );
    const { findings } = assessed('cis-1.24', { ...facts, files });
    const keys = findings.find(({ number }) => number === '1.1.21');
    expect([keys?.evidence.length, keys?.more]).toEqual([50, 20]);
  });

  it('knows nothing of a secret', async () => {
    const secret = 'c2VjcmV0LWtleS1vZi0zMi1ieXRlcy0xMjM0NTY3ODk=';
    const path = '/var/snap/k8s/common/etc/enc.yaml';
    const configuration = {
      kind: 'EncryptionConfiguration',
      resources: [
        { resources: ['secrets'], providers: [{ aescbc: { keys: [{ name: 'a', secret }] } }, { identity: {} }] },
      ],
    };
    const given = await controlPlane.files.need(`${paths.args}/kube-apiserver`);
    try {
      await controlPlane.files.write(path, JSON.stringify(configuration));
      await controlPlane.files.write(
        `${paths.args}/kube-apiserver`,
        `${given}--encryption-provider-config="${path}"\n`,
      );
      const observed = await observe(controlPlane, 'control-plane');
      expect(JSON.stringify(observed)).not.toContain(secret);
      expect(assessed('stig', observed).findings.find(({ number }) => number === 'V-274882')).toMatchObject({
        state: 'pending-restart',
      });
      await controlPlane.files.write(path, `${secret}: [`);
      expect(JSON.stringify(await observe(controlPlane, 'control-plane'))).not.toContain(secret);
    } finally {
      await controlPlane.files.write(`${paths.args}/kube-apiserver`, given);
    }
  });
});

describe('waivers', () => {
  const waived = (waiver: Waiver, benchmark: Benchmark = 'cis-1.24') => {
    const { findings, problems } = assessed(benchmark, facts, [waiver]);
    return { problems, findings: findings.filter((one) => one.waiver !== undefined) };
  };

  it('cover what fails, by id or by number, with the reason and what would be without them', () => {
    for (const control of ['admission-always-pull-images', '1.2.11', 'cis-1.2.11']) {
      const { findings, problems } = waived({ control, reason: 'images are loaded by hand' });
      expect(problems).toEqual([]);
      expect(findings).toMatchObject([
        { number: '1.2.11', state: 'waived', underneath: 'fail', reason: 'Waived: images are loaded by hand' },
      ]);
    }
  });

  it('cover the same control in each edition, whatever its number there', () => {
    for (const control of ['kube-apiserver-cipher-suites', 'CIS-1.2.31', '1.2.31', 'cis-1.12/1.2.29'])
      for (const [benchmark, number] of [
        ['cis-1.12', '1.2.29'],
        ['cis-1.24', '1.2.31'],
      ] as const) {
        const { findings, problems } = waived({ control, reason: 'x' }, benchmark);
        expect(problems).toEqual([]);
        // It passes on this node, so that there is nothing to cover.
        expect(findings).toMatchObject([{ number, control: { id: 'kube-apiserver-cipher-suites' } }]);
      }
    expect(waived({ control: '1.2.31', reason: 'x' }, 'stig').problems).toEqual([]);
  });

  it('leave what passes as it is', () => {
    expect(waived({ control: 'kube-apiserver-anonymous-auth', reason: 'x' }).findings).toMatchObject([
      { state: 'pass' },
    ]);
  });

  it('hold through their last day, and are told of afterwards', () => {
    expect(waived({ control: '1.2.11', reason: 'x', until: '2026-11-23' }).findings).toHaveLength(1);
    const { findings, problems } = waived({ control: '1.2.11', reason: 'x', until: '2026-11-22' });
    expect(findings).toEqual([]);
    expect(problems).toEqual(['The waiver of 1.2.11 ended on 2026-11-22.']);
  });

  it('of nothing are told of', () => {
    expect(waived({ control: 'CIS-9.9', reason: 'x' }).problems).toEqual([
      'CIS-9.9 in hardening-waivers is no control of this charm.',
    ]);
  });

  it('that allow some things leave the rest of a policy in force', () => {
    const controls = every('cis-1.12').filter(({ id }) => ['rbac-read-secrets', 'secrets-in-environment'].includes(id));
    const asked: [string, readonly string[] | undefined][] = [];
    const { findings } = assess({
      benchmark: 'cis-1.12',
      controls,
      known,
      facts,
      waivers: waiversOf([
        { control: '5.1.2', reason: 'it backs them up', allow: ['ServiceAccount backup/*'] },
        { control: '5.4.1', reason: 'an old chart', allow: ['Pod a/*'] },
      ]),
      api: (rule, { allow }) => {
        asked.push([rule, allow]);
        return { state: rule === 'subjects-who-may' ? 'pass' : 'fail', reason: 'One is left.', evidence: [] };
      },
      ...ON_UNIT,
      now: NOW,
    });
    expect(new Map(asked)).toEqual(
      new Map([
        ['subjects-who-may', ['ServiceAccount backup/*']],
        ['secrets-in-environment', ['Pod a/*']],
      ]),
    );
    expect(findings).toMatchObject([
      { number: '5.1.2', state: 'pass', waiver: { reason: 'it backs them up' } },
      { number: '5.4.1', state: 'fail' },
    ]);
    expect(findings[1]).not.toHaveProperty('waiver');
  });

  it('and names as long as an object may be make no report that long', () => {
    const long = `RoleBinding ${'<'.repeat(1_000_000)}`;
    const evidence = Array.from({ length: 60 }, () => ({ what: long, found: long, expected: long }));
    const controls = every('cis-1.12').filter(({ id }) => id === 'rbac-read-secrets');
    const { findings } = assess({
      benchmark: 'cis-1.12',
      controls,
      known,
      facts,
      waivers: [],
      api: () => ({ state: 'fail', reason: long, evidence }),
      ...ON_UNIT,
      now: NOW,
    });
    expect(findings).toMatchObject([{ more: 10 }]);
    expect(JSON.stringify(findings).length).toBeLessThan(400_000);
    expect(findings[0]?.evidence[0]?.what).toMatch(/^RoleBinding <{1000,}…$/);
  });

  it('show in the score', () => {
    const score = nodeScore(assessed('cis-1.24', facts, [{ control: '1.2.11', reason: 'x' }]));
    expect(scoreText(score)).toBe('78/91 (1 waived)');
  });
});
