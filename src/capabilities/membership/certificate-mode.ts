/** Where the certificates of this unit's cluster come from, by whatever says it first: the cluster, the machine, the option. */

import type { CertificateMode, KeptAuthorities } from '../../core/certificate-mode.ts';
import { readForeign } from '../../core/foreign-json.ts';
import type { ClusterFacts } from './facts.ts';
import { isCertificateMode, KEPT } from './given-certificates.ts';
import { BOOTSTRAP_CERTIFICATES, KEPT_AUTHORITIES } from './wire.ts';

/** Of our cluster; before there is one, what the option asks for. A worker without a control plane has none. */
export function certificateMode(facts: ClusterFacts): CertificateMode | undefined {
  const relation = facts.role === 'control-plane' ? facts.peers : facts.cluster;
  const told = relation?.shared[BOOTSTRAP_CERTIFICATES];
  if (told) return isCertificateMode(told) ? told : 'snap-managed';
  if (facts.role === 'worker') return undefined;
  if (facts.node === undefined) return facts.options.certificates;
  return facts.bootstrapped?.mode ?? 'snap-managed';
}

/** Of our cluster; none before there is one. */
export function keptAuthorities(facts: ClusterFacts): KeptAuthorities {
  const relation = facts.role === 'control-plane' ? facts.peers : facts.cluster;
  const told = relation?.shared[BOOTSTRAP_CERTIFICATES];
  if (told) return readForeign(relation.shared[KEPT_AUTHORITIES], KEPT) ?? {};
  return facts.role === 'control-plane' ? (facts.bootstrapped?.kept ?? {}) : {};
}
