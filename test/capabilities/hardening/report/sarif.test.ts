/** Guards that code scanning pages take the report: the schema of OASIS, results that point to their rules, and stable fingerprints. */
import { describe, expect, it } from 'vitest';
import { BENCHMARKS } from '../../../../src/capabilities/hardening/control.ts';
import type { Assessment } from '../../../../src/capabilities/hardening/finding.ts';
import { renderSarif } from '../../../../src/capabilities/hardening/report/sarif.ts';
import { assessment, control, finding, hostileAssessment, wholeAssessment } from './assessments.ts';
import { sarifComplaints } from './sarif-schema.ts';

interface Result {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly kind: string;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly {
    readonly physicalLocation?: {
      readonly artifactLocation: { readonly uri: string };
      readonly region: object;
    };
  }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
}

interface Run {
  readonly tool: {
    readonly driver: {
      readonly version: string;
      readonly rules: readonly { readonly id: string; readonly name: string }[];
    };
  };
  readonly properties: {
    readonly controls: Readonly<Record<string, readonly string[]>>;
    readonly waivers: readonly object[];
  };
  readonly invocations: readonly { readonly toolConfigurationNotifications: readonly object[] }[];
  readonly results: readonly Result[];
}

function runsOf(...assessments: readonly Assessment[]): readonly Run[] {
  return JSON.parse(renderSarif(assessments)).runs;
}

describe('the SARIF report', () => {
  it.each(BENCHMARKS)('of %s fits the schema', async (benchmark) => {
    const report = JSON.parse(renderSarif([wholeAssessment(benchmark), wholeAssessment(benchmark, { unit: 'k8s/1' })]));
    expect(await sarifComplaints(report)).toEqual([]);
    report.runs[0].results[0].kind = 'perhaps';
    expect(await sarifComplaints(report)).not.toEqual([]);
  });

  it('has a rule for each finding, and a result for what does not hold alone: pages make an alert of each', () => {
    const assessed = wholeAssessment('cis-1.12');
    const [run] = runsOf(assessed);
    const open = assessed.findings.filter(({ state }) => state === 'fail' || state === 'pending-restart');
    expect(open.length).toBeGreaterThan(5);
    expect(run?.results.map(({ ruleId, kind }) => [ruleId, kind])).toEqual(open.map(({ number }) => [number, 'fail']));
    expect(run?.tool.driver.rules.map(({ id }) => id)).toEqual(assessed.findings.map(({ number }) => number));
    for (const { ruleId, ruleIndex } of run?.results ?? []) expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  });

  it('lists the controls in every state among the properties of the run', () => {
    const assessed = wholeAssessment('cis-1.12');
    const listed = Object.values(runsOf(assessed)[0]?.properties.controls ?? {}).flat();
    expect(listed.toSorted()).toEqual(assessed.findings.map(({ number }) => number).toSorted());
  });

  it('has what the validator of SARIF and GitHub ask of each result: a file, a region, a rule with a name of its own', () => {
    for (const { results, tool } of runsOf(...BENCHMARKS.map((benchmark) => wholeAssessment(benchmark)))) {
      for (const { locations } of results) {
        const { artifactLocation, region } = locations[0]?.physicalLocation ?? {};
        expect(artifactLocation?.uri).toMatch(/^[^/].*$/);
        expect(region).toEqual({ startLine: 1 });
      }
      expect(tool.driver.version).not.toBe('');
      for (const { id, name } of tool.driver.rules) {
        expect(name).toMatch(/^[A-Z][A-Za-z0-9]*$/);
        expect(name).not.toBe(id);
      }
    }
  });

  it('has levels by severity', () => {
    const level = (severity: 'high' | 'medium' | 'low') =>
      runsOf(assessment({ findings: [finding({ control: control({ severity }) })] }))[0]?.results[0]?.level;
    expect([level('high'), level('medium'), level('low')]).toEqual(['error', 'warning', 'note']);
  });

  it('names what is waived, with the reason', () => {
    const waiver = { control: '1.2.16', reason: 'Logs go elsewhere.', until: '2026-12-31' };
    const [run] = runsOf(assessment({ findings: [finding({ state: 'waived', waiver, underneath: 'fail' })] }));
    expect(run?.results).toEqual([]);
    expect(run?.properties.waivers).toEqual([
      { control: '1.2.16', waiver: 'Waived until 2026-12-31: Logs go elsewhere.' },
    ]);
  });

  it('notifies of void waivers', () => {
    const [run] = runsOf(assessment({ problems: ['Waiver of 9.9.9: no such control'] }));
    expect(run?.invocations[0]?.toolConfigurationNotifications).toHaveLength(1);
  });

  it('keeps fingerprints from one assessment to the next, and apart for controls and units', () => {
    const fingerprints = (...given: readonly Assessment[]) =>
      runsOf(...given).flatMap(({ results }) => results.map((result) => result.partialFingerprints['control/v1']));
    const first = fingerprints(wholeAssessment('stig'));
    expect(fingerprints(wholeAssessment('stig', { at: '2026-12-24T00:00:00Z' }))).toEqual(first);
    const all = [...first, ...fingerprints(wholeAssessment('stig', { unit: 'k8s/1' }))];
    expect(new Set(all).size).toBe(all.length);
  });

  it('points to the file or folder that a control looks at', () => {
    const uri = (given: Parameters<typeof control>[0]) =>
      runsOf(assessment({ findings: [finding({ control: control(given) })] }))[0]?.results[0]?.locations[0]
        ?.physicalLocation?.artifactLocation.uri;
    expect(uri({})).toBe('var/snap/k8s/common/args/kube-apiserver');
    expect(uri({ check: { type: 'file-mode', paths: ['/etc/kubernetes/pki/*.crt'], atMost: '644' } })).toBe(
      'etc/kubernetes/pki/',
    );
    expect(uri({ check: { type: 'api', rule: 'wildcards' } })).toBe('kubernetes-api');
  });

  it.each([
    ['[see here](https://evil.example)', '[see here\\](https://evil.example)'],
    ['![](https://evil.example/p.png)', '![\\](https://evil.example/p.png)'],
    ['[a\\](https://evil.example)', '[a\\\\\\](https://evil.example)'],
    ['[\\]](1)', '[\\]\\](1)'],
    ['rules[0] (of two)', 'rules[0] (of two)'],
  ])('makes no link of %s', (text, shown) => {
    const [run] = runsOf(assessment({ findings: [finding({ reason: text })], problems: [text] }));
    expect(run?.results[0]?.message.text).toContain(shown);
    expect(run?.invocations[0]?.toolConfigurationNotifications).toEqual([
      { level: 'warning', message: { text: shown } },
    ]);
  });

  it('fits the schema with hostile texts', async () => {
    expect(await sarifComplaints(JSON.parse(renderSarif([hostileAssessment('cis-1.12')])))).toEqual([]);
  });
});
