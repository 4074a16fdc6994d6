/** The parts of a benchmark: the chapters of CIS, the categories of the STIG. */

import type { Benchmark } from '../control.ts';
import type { Finding } from '../finding.ts';

export interface Section {
  /** `1.2` or `CAT I`. */
  readonly id: string;
  readonly title: string;
  /** In the order of the benchmark. */
  readonly findings: readonly Finding[];
}

export interface Chapter {
  /** `1`, or `STIG`: its categories lie in one chapter. */
  readonly id: string;
  readonly title: string;
  /** kube-bench's word for where it is looked at. */
  readonly nodeType: string;
  readonly sections: readonly Section[];
}

const TITLES: Readonly<Record<string, string>> = {
  '1.1': 'Files of the control plane',
  '1.2': 'API server',
  '1.3': 'Controller manager',
  '1.4': 'Scheduler',
  '2': 'etcd',
  '3.1': 'Authentication and authorization',
  '3.2': 'Audit logs',
  '4.1': 'Files of the node',
  '4.2': 'Kubelet',
  '4.3': 'kube-proxy',
  '5.1': 'RBAC and service accounts',
  '5.2': 'Pod security',
  '5.3': 'Network policies and CNI',
  '5.4': 'Secrets',
  '5.5': 'Admission control',
  '5.6': 'General policies',
  '5.7': 'General policies',
  'CAT I': 'High severity',
  'CAT II': 'Medium severity',
  'CAT III': 'Low severity',
};

const CHAPTERS: Readonly<Record<string, Omit<Chapter, 'id' | 'sections'>>> = {
  '1': { title: 'Control plane components', nodeType: 'master' },
  '2': { title: 'etcd', nodeType: 'etcd' },
  '3': { title: 'Control plane configuration', nodeType: 'controlplane' },
  '4': { title: 'Nodes', nodeType: 'node' },
  '5': { title: 'Policies', nodeType: 'policies' },
  STIG: { title: 'DISA Kubernetes STIG', nodeType: 'master' },
};

const CATEGORIES = { high: 'CAT I', medium: 'CAT II', low: 'CAT III' } as const;

/** In the order of the benchmark; those without a finding are left out. */
export function sectionsOf(benchmark: Benchmark, findings: readonly Finding[]): readonly Section[] {
  const found = Map.groupBy(findings, (finding) => sectionId(benchmark, finding));
  return [...found.entries()]
    .sort(([one], [other]) => one.localeCompare(other, 'en', { numeric: true }))
    .map(([id, members]) => ({ id, title: TITLES[id] ?? id, findings: members }));
}

export function chaptersOf(benchmark: Benchmark, findings: readonly Finding[]): readonly Chapter[] {
  const found = Map.groupBy(sectionsOf(benchmark, findings), ({ id }) =>
    benchmark === 'stig' ? 'STIG' : (id[0] ?? ''),
  );
  return [...found.entries()].map(([id, sections]) => ({
    id,
    ...(CHAPTERS[id] ?? { title: id, nodeType: 'master' }),
    sections,
  }));
}

/** `1.2` of `1.2.18`; chapter 2 of CIS has no sections. */
function sectionId(benchmark: Benchmark, { number, control }: Finding): string {
  if (benchmark === 'stig') return CATEGORIES[control.severity];
  const [chapter = '', section] = number.split('.');
  return chapter === '2' || section === undefined ? chapter : `${chapter}.${section}`;
}
