/** The names and addresses that certificates of the node must have. */

import type { NodeIdentity } from './facts.ts';

/** What each certificate that the node serves must have, by the certificate's name. k8sd looks for the node's name in kubelet's. */
export function requiredSansOf({
  role,
  nodeName,
  address,
  requiredSans,
}: NodeIdentity): Readonly<Record<string, readonly string[]>> {
  const own = address === undefined ? [] : [address];
  const kubelet = [nodeName, ...own];
  return role === 'worker' ? { kubelet } : { apiserver: requiredSans, kubelet, 'etcd/server': own, 'etcd/peer': own };
}
