/** What the charms use of the hardening domain. */

export type { EvaluateApiRule, Verdict } from './api-rule.ts';
export { assess } from './assess.ts';
export { removeAuditLogs } from './audit-logs.ts';
export {
  CATALOGUES,
  type Catalogue,
  type CatalogueName,
  catalogueOf,
  controlsOf,
  namesIn,
  readCatalogue,
  readControlNames,
} from './catalogue.ts';
export type { Benchmark, Control, Place } from './control.ts';
export { candidateText, controlsNamed, type Named, shortTitle } from './control-names.ts';
export { HARDENING_OPTIONS } from './declared-options.ts';
export { driftReports } from './drift.ts';
export { applyEncryption } from './encryption/apply.ts';
export {
  type Change as EncryptionChange,
  describe as describeEncryptionChange,
  essence as encryptionEssence,
  isDisruptive as isDisruptiveEncryptionChange,
  workOf as encryptionWork,
} from './encryption/change.ts';
export { CONFIGURATION_FLAG, CONFIGURATION_FLAGS } from './encryption/configuration.ts';
export { rotated } from './encryption/decide.ts';
export type { EncryptionFacts, EncryptionPlan, EncryptionQuestion } from './encryption/facts.ts';
export { withImported } from './encryption/imported.ts';
export { observeEncryption } from './encryption/observe.ts';
export { ENCRYPTION_OPTIONS, type EncryptionOptions, readEncryptionOptions } from './encryption/options.ts';
export { EncryptionFailed } from './encryption/outcome.ts';
export { planEncryption } from './encryption/plan.ts';
export { asksForEncryption, withStoredSecrets } from './encryption/prove.ts';
export { readStoredSecrets, type StoredSecrets } from './encryption/stored.ts';
export type { Assessment, Finding, Mode, Subject, Waiver } from './finding.ts';
export { formatInheritance, HARDENING_KEY, withInheritance } from './inheritance.ts';
export { modesOf, rememberModes } from './mode-memory.ts';
export type { NodeFacts } from './node-facts.ts';
export { observeNode } from './observe-node.ts';
export { observePolicies } from './observe-policies.ts';
export { type HardeningOptions, readHardeningOptions } from './options.ts';
export { applyRemedy, forgetRemedies } from './remedy/apply.ts';
export { describeRemedy, type RemedyChange, remedyEssence } from './remedy/change.ts';
export type { FlagDemand } from './remedy/demands.ts';
export { observeRemedies } from './remedy/observe.ts';
export { observeBase } from './remedy/observe-base.ts';
export { RemedyFailed } from './remedy/outcome.ts';
export { planRemedies } from './remedy/plan.ts';
export { readDemands } from './remedy/read-demands.ts';
export { type Overridden, wantedArguments } from './remedy/wanted-arguments.ts';
export {
  FORMATS as REPORT_FORMAT_DETAILS,
  isReportFormat,
  REPORT_FORMATS,
  type ReportFormatName,
  renderReport,
  UnsuitableFormat,
} from './report/formats.ts';
export { countStates, type StateCounts } from './report/summary.ts';
export { clusterScore, countScore, nodeScore, type Score, scoreText, unkept, unkeptText } from './score.ts';
export { forgetScore, recallScore, rememberScore } from './score-memory.ts';
export { readOverrides } from './unit-overrides.ts';
export { dayOf } from './waivers.ts';
