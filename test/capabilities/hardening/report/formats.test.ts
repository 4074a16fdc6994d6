/** Guards the choice of a format: each gives a report, checklists are refused where they could not say what was assessed. */
import { describe, expect, it } from 'vitest';
import {
  FORMATS,
  isReportFormat,
  REPORT_FORMATS,
  renderReport,
  UnsuitableFormat,
} from '../../../../src/capabilities/hardening/report/formats.ts';
import { wholeAssessment } from './assessments.ts';

const cis = wholeAssessment('cis-1.12');
const stig = wholeAssessment('stig');

describe('a report', () => {
  it.each(REPORT_FORMATS)('as %s names each control that was assessed', async (format) => {
    const text = await renderReport(format, [cis, stig]);
    const told = FORMATS[format].isChecklist ? [stig] : [cis, stig];
    const missing = told.flatMap(({ findings }) => findings).filter(({ number }) => !text.includes(number));
    expect(missing.map(({ number }) => number)).toEqual([]);
  });

  it('has a name of its own for each format', () => {
    const extensions = REPORT_FORMATS.map((format) => FORMATS[format].extension);
    expect(new Set(extensions).size).toBe(extensions.length);
    expect(isReportFormat('kube-bench')).toBe(true);
    expect(isReportFormat('toString')).toBe(false);
  });

  it.each(['ckl', 'cklb'] as const)('as %s has rules of the STIG, and is of one machine', async (format) => {
    await expect(renderReport(format, [cis])).rejects.toThrow(
      new UnsuitableFormat(`format=${format} is for the STIG: ask for benchmark=stig or all`),
    );
    await expect(renderReport(format, [stig, wholeAssessment('stig', { unit: 'k8s/1' })])).rejects.toThrow(
      UnsuitableFormat,
    );
  });
});
