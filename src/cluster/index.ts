/** What the charms use of the cluster domain. */

export { applyCluster } from './apply.ts';
export { dueEdit } from './arguments-journal.ts';
export { describeCensus, takeCensus } from './census.ts';
export { certificateMode, keptAuthorities } from './certificate-mode.ts';
export {
  type Change as ClusterChange,
  describe as describeClusterChange,
  essence as clusterEssence,
  isDisruptive as isDisruptiveClusterChange,
} from './change.ts';
export { planned as plannedInWords, workOf } from './change-words.ts';
export { CLUSTER_OPTIONS } from './declared-options.ts';
export { optionOf, type Service } from './default-arguments.ts';
export { sealedFor } from './deputy.ts';
export {
  type AskedArguments,
  type ClusterFacts,
  type ControlPlaneFacts,
  type HardenedArguments,
  knownClusterName,
  NOT_HARDENED,
  type RelationFacts,
  serviceAddress,
  snapMinor,
} from './facts.ts';
export { formerIdentity } from './former-identity.ts';
export {
  type CertificateMode,
  type GivenCertificates,
  type KeptAuthorities,
  NOTHING_GIVEN,
} from './given-certificates.ts';
export { type Health, observeHealth } from './health.ts';
export { forgetLabels } from './labels.ts';
export { recallFailures, rememberFailures } from './memory.ts';
export { observeCluster } from './observe.ts';
export { ChangeFailed, ChangeRefused, ChangeUndone } from './outcome.ts';
export { planCluster } from './plan.ts';
export { makesCluster } from './plan-entry.ts';
export { rollingOf } from './plan-leader.ts';
export { JOIN_WAIT } from './plan-node.ts';
export {
  acceptCommand,
  addressesKey,
  formatAddresses,
  recordedAddresses,
  reservedAddresses,
  reservedFor,
  saidAddresses,
} from './records.ts';
export {
  FAILURE,
  failedElsewhere,
  GRANT,
  type Holder,
  holderOf,
  progressOf,
  type Rolling,
  release,
  turn,
} from './rolling.ts';
export { type ServiceBase, serviceBases } from './service-bases.ts';
export { allocations, BOOTSTRAP_CERTIFICATES, CERTIFICATE_AUTHORITY, JOINED, tokenHolder } from './wire.ts';
