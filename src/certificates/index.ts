/** What the charms use of the certificates domain. */

export { daysUntil, parseValidity, refuseBeyondAuthority } from '../core/validity.ts';
export { applyCertificates } from './apply.ts';
export {
  type Change as CertificateChange,
  describe as describeCertificateChange,
  essence as certificateEssence,
  formerSentence as formerCertificateSentence,
  isDisruptive as isDisruptiveCertificateChange,
  workOf as certificateWork,
} from './change.ts';
export { orderClusterRefresh } from './cluster-refresh/apply.ts';
export { clusterRefreshNews } from './cluster-refresh/observe.ts';
export { describeNews } from './cluster-refresh/progress.ts';
export type { CertificateFacts, NodeIdentity } from './facts.ts';
export { forgetCertificates } from './forget.ts';
export { clusterAuthorities } from './given/authorities.ts';
export { type BriefAuthority, briefAuthority, expiredAuthority } from './given/brevity.ts';
export { dueForExchange } from './given/exchange.ts';
export { EXTERNAL_NAMES, servingToGive, servingWishes } from './given/external.ts';
export type { Pems } from './given/fields.ts';
export { certificateInService, serverAuthority } from './given/in-service.ts';
export { authoritiesToGive, intermediateWishes } from './given/intermediate.ts';
export { exchangeableLeaves } from './given/leaves.ts';
export { leavesForBirth, nextLeaves, type OwnLeavesQuestion } from './given/own-leaves.ts';
export { changedAuthorities, providedToGive, strangeKeys } from './given/provided.ts';
export { type IssuedCertificates, takeIssued } from './given/take-issued.ts';
export type { Examined } from './inventory/examined.ts';
export { type Finding, findingsOf, renewalOf } from './inventory/findings.ts';
export { K8SD_PREFIX } from './inventory/places.ts';
export {
  type CertificateRecord,
  type InventoryRecord,
  isRead,
  keyText,
  type Manager,
} from './inventory/record.ts';
export { whyNotRenewable } from './inventory/remedies.ts';
export { takeInventory } from './inventory/remembered.ts';
export { lookAtServed, type Served } from './inventory/served.ts';
export { CONTROL_PLANE_NAMES, fieldOf, WORKER_NAMES } from './names.ts';
export { observeCertificates } from './observe.ts';
export {
  CERTIFICATE_OPTIONS,
  type CertificateOptions,
  MINIMUM_CA_VALIDITY,
  readCertificateOptions,
} from './options.ts';
export { RefreshFailed } from './outcome.ts';
export { type CertificatePlan, planCertificates } from './plan.ts';
export { isReadable, type ReadCertificate, readCertificates } from './read.ts';
export { refreshControlPlane } from './refresh-control-plane.ts';
export { prepareRequests, submitRequests } from './refresh-worker.ts';
export { applyRelation } from './relation/apply.ts';
export { describeRelationChange, FORGET_ALL, type RelationChange, relationEssence } from './relation/change.ts';
export { type CertificateAndKey, collectCertificate, collectCertificates } from './relation/collect.ts';
export { noteRunOut } from './relation/expiry.ts';
export { DEFAULT_TIMING, type RelationFacts, type Timing } from './relation/facts.ts';
export { foreignAuthority } from './relation/foreign-authority.ts';
export { splitCertificates } from './relation/issued.ts';
export { hasAsked } from './relation/memory.ts';
export { observeRelation, type RelationQuestion } from './relation/observe.ts';
export { planRelation, type RelationPlan } from './relation/plan.ts';
export type { Standing } from './relation/standing.ts';
export { type CertificateWish, wishProblem } from './relation/wish.ts';
export { forgetFailures } from './renewal/attempts.ts';
export { isHeldBack } from './renewal/slots.ts';
export { readRequestJournal, removeRequestJournal } from './request-journal.ts';
export { apiServerSans, requiredSansOf } from './required-sans.ts';
export { parseSanParameter, sansToRequest } from './sans.ts';
export { applyTransfer, observeTransfer } from './transfer/observe.ts';
export { planTransfer, type TransferChange, type TransferFacts } from './transfer/plan.ts';
export { decisionKey, formatWish, REQUESTS } from './wire.ts';
