/**
 * The forms that a report can have. Each is code of its own, and some bring a library along: they are loaded when somebody asks for
 * that form, never by a hook.
 */

import type { Assessment } from '../finding.ts';

export const REPORT_FORMATS = ['json', 'junit', 'kube-bench', 'ckl', 'cklb', 'sarif', 'html'] as const;

export type ReportFormatName = (typeof REPORT_FORMATS)[number];

export type Render = (assessments: readonly Assessment[]) => string;

export interface ReportFormat {
  /** What the name of the file ends with, without a dot before it. */
  readonly extension: string;
  /** A checklist of STIG Viewer is of one machine, and has rules of the STIG only. */
  readonly isChecklist: boolean;
  readonly load: () => Promise<Render>;
}

export const FORMATS: Readonly<Record<ReportFormatName, ReportFormat>> = {
  json: { extension: 'json', isChecklist: false, load: async () => (await import('./json.ts')).renderJson },
  junit: { extension: 'junit.xml', isChecklist: false, load: async () => (await import('./junit.ts')).renderJUnit },
  'kube-bench': {
    extension: 'kube-bench.json',
    isChecklist: false,
    load: async () => (await import('./kube-bench.ts')).renderKubeBench,
  },
  ckl: { extension: 'ckl', isChecklist: true, load: async () => (await import('./ckl.ts')).renderCkl },
  cklb: { extension: 'cklb', isChecklist: true, load: async () => (await import('./cklb.ts')).renderCklb },
  sarif: { extension: 'sarif', isChecklist: false, load: async () => (await import('./sarif.ts')).renderSarif },
  html: { extension: 'html', isChecklist: false, load: async () => (await import('./html.ts')).renderHtml },
};

/** The report asked for cannot say what was assessed. */
export class UnsuitableFormat extends Error {
  override readonly name = 'UnsuitableFormat';
}

export function isReportFormat(name: string): name is ReportFormatName {
  return REPORT_FORMATS.some((format) => format === name);
}

/**
 * The report on the assessments. In a checklist (`ckl`, `cklb`) those of other benchmarks are left out.
 * Throws UnsuitableFormat when a checklist would have nothing in it, or several machines.
 */
export async function renderReport(name: ReportFormatName, assessments: readonly Assessment[]): Promise<string> {
  const format = FORMATS[name];
  const suitable = format.isChecklist ? checklistOf(name, assessments) : assessments;
  return (await format.load())(suitable);
}

function checklistOf(name: ReportFormatName, assessments: readonly Assessment[]): readonly Assessment[] {
  const [first, ...others] = assessments.filter(({ benchmark }) => benchmark === 'stig');
  if (first === undefined) throw new UnsuitableFormat(`format=${name} is for the STIG: ask for benchmark=stig or all`);
  if (others.length > 0) {
    throw new UnsuitableFormat(`format=${name} is a checklist of one machine: ask each unit for its own`);
  }
  // A checklist has the rules of the release that it names.
  return [{ ...first, findings: first.findings.filter(({ control }) => control.stig?.dropped !== true) }];
}
