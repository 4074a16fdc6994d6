/** What the charms use of the hardening domain. */

export { formatInheritance, HARDENING_KEY, withInheritance } from './inheritance.ts';
export { type HardeningOptions, readHardeningOptions } from './options.ts';
export {
  FORMATS as REPORT_FORMAT_DETAILS,
  isReportFormat,
  REPORT_FORMATS,
  type ReportFormatName,
  renderReport,
  UnsuitableFormat,
} from './report/formats.ts';
export { countStates, type Score, type StateCounts, scoreOf } from './report/summary.ts';
