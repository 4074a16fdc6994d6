/**
 * Guards the reports on a real assessment: the catalogues as they are and a node as the snap installs it, seen by those who read each
 * format. What nobody has thought of in made-up findings (titles, paths, remedies of 230 controls) is in these.
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCatalogues } from '../../../../scripts/catalogues/read.ts';
import { assess } from '../../../../src/capabilities/hardening/assess.ts';
import { catalogueOf, controlsOf } from '../../../../src/capabilities/hardening/catalogue.ts';
import { BENCHMARKS } from '../../../../src/capabilities/hardening/control.ts';
import type { Assessment } from '../../../../src/capabilities/hardening/finding.ts';
import { observeNode } from '../../../../src/capabilities/hardening/observe-node.ts';
import { renderReport } from '../../../../src/capabilities/hardening/report/formats.ts';
import { validate as reportProblems } from '../../../../src/capabilities/hardening/report/report.schema.json?validator';
import { STATE_NAMES } from '../../../../src/capabilities/hardening/report/states.ts';
import { openHost } from '../../../../src/clients/host/open-host.ts';
import { bootstrapped, discard, newMachines } from '../../../standins/machines/ask.ts';
import { ON_UNIT } from '../subject.ts';
import { tally } from './counts.ts';
import { JUNIT } from './published-schema.ts';
import { sarifComplaints } from './sarif-schema.ts';
import { validate as cklbProblems } from './schemas/cklb.schema.json?validator';
import { validate as kubeBenchProblems } from './schemas/kube-bench.schema.json?validator';
import { importCkl, importCklb } from './stig-manager.ts';
import { all, parseXml, schemaComplaints } from './xml.ts';

const catalogues = await readCatalogues();
const known = [...catalogues.cis.controls, ...catalogues.stig.controls];
const waivers = [
  {
    control: 'V-242403',
    id: 'V-242403',
    reason: 'The log shipper <cannot> take that much & more.',
    until: '2027-06-30',
  },
  { control: '9.9.9', reason: 'A mistake.' },
];

let machines: Awaited<ReturnType<typeof newMachines>>;
let assessments: readonly Assessment[];
let stig: Assessment;

beforeAll(async () => {
  machines = await newMachines();
  const machine = await bootstrapped(machines, '0');
  const role = 'control-plane';
  const facts = await observeNode(openHost(machine.root), known, { role, version: '1.36.4', exemptNamespaces: [] });
  const now = new Date('2026-11-23T12:00:00Z');
  assessments = BENCHMARKS.map((benchmark) => {
    const controls = controlsOf(catalogues[catalogueOf(benchmark)], benchmark);
    return assess({ benchmark, controls, known, facts, waivers, api: undefined, ...ON_UNIT, now });
  });
  stig = assessments.find(({ benchmark }) => benchmark === 'stig') ?? expect.fail('no STIG among the benchmarks');
});

afterAll(() => discard(machines));

describe('the report on a default install', () => {
  it('as JSON fits its schema', async () => {
    expect(reportProblems(JSON.parse(await renderReport('json', assessments)))).toEqual([]);
  });

  it('as JUnit fits the schema of Jenkins and fails as many tests as controls fail and waivers are void', async () => {
    const report = await renderReport('junit', assessments);
    expect(await schemaComplaints(JUNIT, report)).toBeUndefined();
    const failing = assessments.flatMap(({ findings, problems }) => [
      ...findings.filter(({ state }) => STATE_NAMES[state].junit === 'failure'),
      ...problems,
    ]);
    expect(parseXml(report).attributes['failures']).toBe(String(failing.length));
    expect(all(parseXml(report), 'failure')).toHaveLength(failing.length);
  });

  it('as kube-bench JSON has the fields that kube-bench writes', async () => {
    const report = JSON.parse(await renderReport('kube-bench', assessments));
    expect(kubeBenchProblems(report)).toEqual([]);
    const total = Object.values<number>(report.Totals).reduce((one, other) => one + other);
    expect(total).toBe(assessments.flatMap(({ findings }) => findings).length);
  });

  it('as SARIF fits the schema of OASIS', async () => {
    expect(await sarifComplaints(JSON.parse(await renderReport('sarif', assessments)))).toEqual([]);
  });

  it('as checklists is what STIG Manager imports: each rule with the id that DISA gave it', async () => {
    const [ckl, cklb] = [await renderReport('ckl', assessments), await renderReport('cklb', assessments)];
    expect(await schemaComplaints('checklist.xsd', ckl)).toBeUndefined();
    expect(cklbProblems(JSON.parse(cklb))).toEqual([]);
    const results = { Open: 'fail', NotAFinding: 'pass', Not_Applicable: 'notapplicable', Not_Reviewed: 'notchecked' };
    const kept = stig.findings.filter(({ control }) => control.stig?.dropped !== true);
    expect(kept.length).toBe(stig.findings.length - 2);
    const expected = kept.map(({ state }) => results[STATE_NAMES[state].ckl]);
    for (const { checklists } of [importCkl(ckl), importCklb(cklb)]) {
      const reviews = checklists[0]?.reviews ?? [];
      expect(tally(reviews.map(({ result }) => result))).toEqual(tally(expected));
      expect(reviews.map(({ ruleId }) => ruleId)).toEqual(kept.map(({ control }) => control.stig?.rule));
      const waived = reviews.find(({ ruleId }) => ruleId.startsWith('SV-242403r'));
      expect(waived).toMatchObject({
        result: 'pass',
        comment: expect.stringContaining('<cannot> take that much & more.'),
      });
    }
  });

  it('as HTML tells of each control once for each benchmark', async () => {
    const page = await renderReport('html', assessments);
    expect(page.match(/<details /g)).toHaveLength(assessments.flatMap(({ findings }) => findings).length);
    expect(page).toContain('The log shipper &lt;cannot&gt; take that much &amp; more.');
    expect(page).not.toMatch(/undefined|\[object/);
  });
});
