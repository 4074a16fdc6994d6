/** The cluster's name on the wire, which every unit publishes and which cloud tags carry. */

import { createHash } from 'node:crypto';

/**
 * The name that the first leader gives: `k8s-` and 32 hexadecimal digits, the same for one application in one model whoever
 * computes it, and the same as the existing charms give.
 */
export function newClusterName(application: string, modelUuid: string): string {
  return `k8s-${createHash('sha256').update(`${application}-${modelUuid}`).digest('hex').slice(0, 32)}`;
}
