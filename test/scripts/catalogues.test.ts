import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Catalogues, catalogueJson, readCatalogues, schemaProblems } from '../../scripts/catalogues/read.ts';
import { catalogueProblems } from '../../scripts/catalogues/rules.ts';
import { repository } from '../../scripts/pack/places.ts';
import { controlsPage } from '../../scripts/readme/controls.ts';
import { type Catalogue, catalogueOf, controlsOf } from '../../src/capabilities/hardening/catalogue.ts';
import {
  BENCHMARKS,
  type Benchmark,
  CONTENT_RULES,
  type Control,
  HARDENED_SERVICES,
} from '../../src/capabilities/hardening/control.ts';

const catalogues: Catalogues = await readCatalogues();
const all = [...catalogues.cis.controls, ...catalogues.stig.controls];

describe('the catalogues', () => {
  it('hold each control of the benchmarks, with what each gives by default', () => {
    const benchmarks = { 'cis-1.24': '1.1.1 5.7.4', 'cis-1.12': '1.1.1 5.6.4', stig: 'V-242376 V-274884' } as const;
    for (const [name, ends] of Object.entries(benchmarks)) {
      const benchmark = name as Benchmark;
      const controls = controlsOf(catalogues[catalogueOf(benchmark)], benchmark);
      const numbers = controls.map(({ numbers }) => numbers[benchmark]);
      expect(ends.split(' ').filter((number) => !numbers.includes(number))).toEqual([]);
      expect(numbers.filter((number) => number === undefined)).toEqual([]);
      expect(controls.filter(({ byDefault }) => byDefault[benchmark] === undefined)).toEqual([]);
      // A gap in a section is a control that got lost.
      if (benchmark !== 'stig') expect(gaps(numbers as string[])).toEqual([]);
    }
  });

  it('are in the order of the benchmark and as its edition has them', () => {
    const numbers = controlsOf(catalogues.cis, 'cis-1.12').map(({ numbers }) => numbers['cis-1.12']);
    expect(numbers.indexOf('1.2.10')).toBe(numbers.indexOf('1.2.9') + 1);
    const plugin = (benchmark: Benchmark) =>
      controlsOf(catalogues.cis, benchmark).find(({ id }) => id === 'admission-deny-service-external-ips')?.check;
    expect(plugin('cis-1.24')).toMatchObject({ lacks: ['DenyServiceExternalIPs'], orUnset: true });
    expect(plugin('cis-1.12')).toMatchObject({ has: ['DenyServiceExternalIPs'] });
  });

  it('give a worker only what is looked at on workers', () => {
    const { controls } = JSON.parse(catalogueJson(catalogues.cis, 'worker')) as Catalogue;
    expect(controls.length).toBeGreaterThan(20);
    expect(controls.filter(({ places }) => !places.includes('worker'))).toEqual([]);
    expect(JSON.parse(catalogueJson(catalogues.cis, 'control-plane'))).toEqual(catalogues.cis);
  });
});

/** Numbers that are missing between the first and the last of their section. */
function gaps(numbers: readonly string[]): readonly string[] {
  const sections = Map.groupBy(numbers, (number) => number.slice(0, number.lastIndexOf('.')));
  return [...sections].flatMap(([section, members]) => {
    const last = Math.max(...members.map((number) => Number(number.slice(number.lastIndexOf('.') + 1))));
    const all = Array.from({ length: last }, (_, index) => `${section}.${index + 1}`);
    return all.filter((number) => !members.includes(number));
  });
}

describe('the schema', () => {
  it('knows the words that the code knows', async () => {
    const text = await readFile(join(repository, 'src/capabilities/hardening/catalogue.schema.json'), 'utf8');
    const { definitions } = JSON.parse(text) as {
      definitions: {
        benchmark: { enum: string[] };
        service: { enum: string[] };
        contentCheck: { properties: { rule: { enum: string[] } } };
      };
    };
    expect(definitions.benchmark.enum).toEqual(BENCHMARKS);
    expect(definitions.service.enum).toEqual(HARDENED_SERVICES);
    expect(definitions.contentCheck.properties.rule.enum).toEqual(CONTENT_RULES);
  });
});

describe('the reference of all controls', () => {
  const rows = controlsPage(catalogues)
    .split('\n')
    .filter((line) => /^\| \*\*[a-zV]/.test(line));

  it('has a whole row for each', () => {
    expect(rows.map((row) => /^\| \*\*([^*]+)/.exec(row)?.[1]).toSorted()).toEqual(all.map(({ id }) => id).toSorted());
    for (const row of rows) expect(row.split(/(?<!\\)\|/)).toHaveLength(8);
  });

  it('tells what editions differ in', () => {
    const row = rows.find((one) => one.includes('**admission-deny-service-external-ips**'));
    expect(row).toContain('with DenyServiceExternalIPs<br>in 1.24: ');
    expect(row).toContain('1.24: ✔<br>1.12: ✘');
  });
});

describe('a catalogue is refused', () => {
  const base = all.find(({ id }) => id === 'kube-apiserver-profiling') as Control;
  const changed = (changes: object): readonly string[] =>
    catalogueProblems(all.map((control) => (control === base ? { ...control, ...changes } : control)));

  it.each([
    [
      'an id that is used twice',
      { id: 'kube-apiserver-anonymous-auth' },
      'there is more than one control kube-apiserver-anonymous-auth',
    ],
    [
      'a number that is used twice',
      { numbers: { ...base.numbers, 'cis-1.12': '1.2.1' } },
      'there is more than one control 1.2.1 in cis-1.12',
    ],
    ['a relation to nothing', { related: ['V-1'] }, 'kube-apiserver-profiling is related to V-1, which does not exist'],
    [
      'an edition that it has no number in',
      { editions: { stig: {} } },
      'kube-apiserver-profiling has no number in stig, which it speaks of',
    ],
    [
      'arguments without a restart',
      { restarts: [] },
      'kube-apiserver-profiling changes the arguments of kube-apiserver and does not restart it',
    ],
    [
      'a restart for nothing',
      { restarts: ['kube-apiserver', 'etcd'] },
      'kube-apiserver-profiling restarts etcd, of which it changes nothing',
    ],
    [
      'an API rule on a node',
      { check: { type: 'api', rule: 'x' } },
      'kube-apiserver-profiling asks the Kubernetes API, so its place is cluster',
    ],
    [
      'a removed admission plugin',
      {
        remedy: [
          { add: { service: 'kube-apiserver', flag: '--enable-admission-plugins', items: ['SecurityContextDeny'] } },
        ],
      },
      'kube-apiserver-profiling uses an admission plugin that Kubernetes removed',
    ],
    [
      'a removed feature gate',
      { remedy: [{ add: { service: 'kube-apiserver', flag: '--feature-gates', items: ['PodSecurity=true'] } }] },
      'kube-apiserver-profiling uses a feature gate that Kubernetes removed',
    ],
    [
      'another owner than root',
      { remedy: [{ owner: { paths: ['/a'], owner: 'etcd:etcd' } }], restarts: [] },
      'kube-apiserver-profiling gives files of the snap to a user other than root',
    ],
    [
      'one mode for files and folders',
      { remedy: [{ mode: { paths: ['/a/**'], mode: '644' } }], restarts: [] },
      'kube-apiserver-profiling sets one mode on files and folders alike',
    ],
  ])('for %s', (_, changes, problem) => {
    expect(changed(changes)).toContain(problem);
  });

  it.each([
    'admission-security-context-deny',
    'kubelet-ip-address-deny',
    'V-242386',
    'V-242388',
    'V-242393',
    'V-242394',
    'kubelet-hostname-override',
  ])('for a remedy of %s, which does harm', (id) => {
    const remedy = [{ mode: { paths: ['/a'], mode: '600' } }];
    const problems = catalogueProblems(all.map((one) => (one.id === id ? { ...one, remedy } : one)));
    expect(problems.join('\n')).toContain(`${id} must have no remedy`);
  });

  it('for words that are not of the language, and names the control', async () => {
    const text = await readFile(join(repository, 'charm/hardening/cis.yaml'), 'utf8');
    const problems = (from: string, to: string) => schemaProblems('cis', parse(text.replace(from, to)));
    expect(await schemaProblems('cis', parse(text))).toEqual([]);
    expect(await problems('type: file-mode', 'type: mode')).toHaveLength(1);
    expect(await problems('atMost: "600"', 'atMost: 600')).toEqual([
      'charm/hardening/cis.yaml: kube-apiserver-arguments-mode/check/atMost must be three octal digits in quotes, such as "600"',
    ]);
    expect(await problems('test: {set: false}', 'test: {set: false, is: [a]}')).toEqual([
      'charm/hardening/cis.yaml: kube-apiserver-token-auth-file/check/test must be exactly one of set, is, isNot, atLeast, above, host, lastsAtLeast, ' +
        'with or without orUnset',
    ]);
  });
});
