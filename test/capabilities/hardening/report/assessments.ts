/** Assessments for the tests of the report formats: every state, every kind of section, with and without what is optional. */

import type { Benchmark, Check, Control } from '../../../../src/capabilities/hardening/control.ts';
import {
  type Assessment,
  FINDING_STATES,
  type Finding,
  type FindingState,
} from '../../../../src/capabilities/hardening/finding.ts';
import { SUBJECT } from '../subject.ts';

export function control(given: Partial<Control> = {}): Control {
  return {
    id: 'kube-apiserver-audit-log-path',
    numbers: { 'cis-1.12': '1.2.16', 'cis-1.24': '1.2.18' },
    title: 'Audit logs are written',
    severity: 'high',
    scored: true,
    places: ['control-plane'],
    check: { type: 'flag', service: 'kube-apiserver', flag: '--audit-log-path', test: { set: true } },
    remedy: [],
    advice: 'Set --audit-log-path.',
    restarts: ['kube-apiserver'],
    risk: 'Logs take room on the disk.',
    byDefault: { 'cis-1.12': 'fail', 'cis-1.24': 'fail' },
    related: ['V-242402'],
    ...given,
  };
}

export function finding(given: Partial<Finding> = {}): Finding {
  const state = given.state ?? 'fail';
  const isOpen = state === 'fail' || state === 'pending-restart';
  return {
    control: control(),
    number: '1.2.16',
    state,
    reason: isOpen ? '--audit-log-path is not set.' : 'As it should be.',
    evidence: [{ what: '--audit-log-path of kube-apiserver', found: 'not set', expected: 'set' }],
    more: 0,
    remedy: isOpen ? 'Turn cis-mode on.' : '',
    ...given,
  };
}

export function assessment(given: Partial<Assessment> = {}): Assessment {
  return {
    benchmark: 'cis-1.12',
    ...SUBJECT,
    mode: { on: false },
    places: ['control-plane', 'cluster'],
    version: '1.36.4',
    at: '2026-11-23T14:15:16Z',
    findings: [],
    problems: [],
    ...given,
  };
}

const CHECKS: readonly Check[] = [
  { type: 'flag', service: 'kubelet', flag: '--anonymous-auth', test: { is: ['false'] } },
  { type: 'file-mode', paths: ['/etc/kubernetes/pki/*.crt'], atMost: '644' },
  { type: 'file-owner', paths: ['/etc/kubernetes/admin.conf'], owner: 'root:root' },
  { type: 'api', rule: 'cluster-admin-bindings' },
  { type: 'all', of: [{ type: 'sysctl', values: { 'vm.overcommit_memory': '1' } }] },
  { type: 'manual', hint: 'Ask who needs it.' },
];

const NUMBERS: Readonly<Record<Benchmark, readonly string[]>> = {
  'cis-1.12': sequence(
    ['1.1', 21],
    ['1.2', 30],
    ['1.3', 7],
    ['1.4', 2],
    ['2', 7],
    ['3.1', 3],
    ['3.2', 2],
    ['4.1', 10],
    ['4.2', 14],
    ['5.1', 13],
    ['5.2', 12],
    ['5.6', 4],
  ),
  'cis-1.24': sequence(['1.1', 21], ['1.2', 32], ['2', 7], ['4.1', 10], ['4.2', 13], ['5.1', 8], ['5.7', 4]),
  stig: Array.from({ length: 92 }, (_, index) => `V-${242376 + index}`),
};

function sequence(...sections: readonly (readonly [string, number])[]): readonly string[] {
  return sections.flatMap(([section, length]) => Array.from({ length }, (_, index) => `${section}.${index + 1}`));
}

/** As many findings as the benchmark has, in all states, the same each time. */
export function wholeAssessment(benchmark: Benchmark, given: Partial<Assessment> = {}): Assessment {
  const findings = NUMBERS[benchmark].map((number, index) => {
    const state = FINDING_STATES[(index * 5) % 11] ?? 'pass';
    return finding({ control: numbered(benchmark, number, index), number, state, ...ofState(state, index) });
  });
  return assessment({ benchmark, findings, problems: ['Waiver of 9.9.9: no such control'], ...given });
}

function numbered(benchmark: Benchmark, number: string, index: number): Control {
  const isStig = benchmark === 'stig';
  return control({
    id: isStig ? number : `CIS-${number}`,
    numbers: { [benchmark]: number },
    title: `${isStig ? 'Rule' : 'Control'} ${number} holds`,
    severity: index % 4 === 0 ? 'high' : 'medium',
    scored: isStig || index % 6 !== 5,
    check: CHECKS[index % CHECKS.length] ?? { type: 'manual', hint: '' },
    restarts: index % 2 === 0 ? ['kube-apiserver'] : [],
    risk: index % 3 === 0 ? 'Clients have to identify themselves.' : '',
    ...(index % 7 === 0 && { tailoring: 'The snap keeps arguments in files instead of static pods.' }),
    ...(isStig && { stig: stigOf(number) }),
  });
}

function stigOf(number: string): NonNullable<Control['stig']> {
  return {
    stigId: `CNTR-K8-00${number.slice(-4)}`,
    rule: `S${number}r960759_rule`,
    srg: 'SRG-APP-000014-CTR-000035',
    cci: ['CCI-000068', 'CCI-000213'],
  };
}

function ofState(state: FindingState, index: number): Partial<Finding> {
  const waiver = { control: 'any', reason: 'Accepted by the security board, ticket 4711.', until: '2027-06-30' };
  if (state === 'waived') return { waiver, underneath: 'fail', reason: 'Waived; it fails without.' };
  if (state === 'pass' && index % 5 === 0)
    return { waiver: { control: 'any', reason: 'For later.' }, underneath: 'pass' };
  if (state === 'manual' || state === 'not-applicable') return { evidence: [] };
  return { more: index % 9 === 0 ? 12 : 0 };
}

/** Names that an operator or somebody with rights in the cluster could choose to break a page or a file with. */
export const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '</style></title></textarea></script><!-- -->',
  ']]><evil/>',
  '&lt;already&gt; &amp; &#x3c;',
  'javascript:alert(1)',
  `bell\u0007 escape\u001b[31m nul\u0000 turned\u202eback lone\ud800surrogate`,
  'line\r\nfeed\ttab',
  '$\u007b7*7} {{7*7}} `x`',
  '__proto__',
  `${'a'.repeat(5_000)}<b>${'\u0301'.repeat(5_000)}`,
] as const;

/** Each text that is not the project's own is hostile. */
export function hostileAssessment(benchmark: Benchmark): Assessment {
  const findings = FINDING_STATES.flatMap((state, row) =>
    HOSTILE.map((text, column) => {
      const number = benchmark === 'stig' ? `V-9${row}${column}` : `1.${row + 1}.${column + 1}`;
      return finding({
        control: numbered(benchmark, number, column),
        number,
        state,
        reason: text,
        evidence: [{ what: text, found: text, expected: text }],
        remedy: text,
        waiver: { control: text, reason: text, until: text },
        underneath: 'fail',
      });
    }),
  );
  return assessment({
    benchmark,
    unit: HOSTILE[0],
    node: HOSTILE[1],
    address: HOSTILE[2],
    version: HOSTILE[3],
    findings,
    problems: HOSTILE,
  });
}
