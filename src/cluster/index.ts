/** What the charms use of the cluster domain. */

export { applyCluster } from './apply.ts';
export { dueEdit } from './arguments-journal.ts';
export { describeCensus, takeCensus } from './census.ts';
export { certificateMode, keptAuthorities } from './certificate-mode.ts';
export {
  type Change as ClusterChange,
  describe as describeClusterChange,
  isDisruptive as isDisruptiveClusterChange,
} from './change.ts';
export { optionOf, type Service } from './default-arguments.ts';
export {
  type AskedArguments,
  type ClusterFacts,
  type ControlPlaneFacts,
  type HardenedArguments,
  knownClusterName,
  NOT_HARDENED,
  type RelationFacts,
  type RollingFailure,
  serviceAddress,
  snapMinor,
} from './facts.ts';
export {
  type CertificateMode,
  type GivenCertificates,
  type KeptAuthorities,
  NOTHING_GIVEN,
} from './given-certificates.ts';
export { type Health, observeHealth } from './health.ts';
export { forgetLabels } from './labels.ts';
export { remember } from './memory.ts';
export { observeCluster } from './observe.ts';
export { ChangeFailed, ChangeUndone } from './outcome.ts';
export { planCluster } from './plan.ts';
export { makesCluster } from './plan-entry.ts';
export { rollingOf } from './plan-leader.ts';
export {
  acceptCommand,
  addressesKey,
  formatAddresses,
  recordedAddresses,
  reservedAddresses,
  reservedFor,
  saidAddresses,
} from './records.ts';
export { changeId, GRANT, reasonNotToTry, release, turn } from './rolling.ts';
export { type ServiceBase, serviceBases } from './service-bases.ts';
export { allocations, BOOTSTRAP_CERTIFICATES, CERTIFICATE_AUTHORITY, JOINED, tokenHolder } from './wire.ts';
