/**
 * Files that flags of the API server name. Their names hold the digest of what is in them: another policy is another value of the flag,
 * and goes the way of every change of an argument, with restart, a look whether the service is well, and the way back.
 */

import { createHash } from 'node:crypto';

/** Ours in a folder that goes with the snap. */
export const POLICY_DIRECTORY = '/var/snap/k8s/common/etc/k8s-charm';
export const POLICY_MODE = 0o600;

export const POLICY_KINDS = ['audit-policy', 'admission-configuration'] as const;
export type PolicyKind = (typeof POLICY_KINDS)[number];

export interface PolicyFile {
  readonly kind: PolicyKind;
  readonly path: string;
  readonly content: string;
  /** The option to look at when the API server does not start with it. */
  readonly asker: string;
}

export function policyFile(kind: PolicyKind, content: string, asker: string): PolicyFile {
  const digest = createHash('sha256').update(content).digest('hex').slice(0, 12);
  return { kind, path: `${POLICY_DIRECTORY}/${kind}-${digest}.yaml`, content, asker };
}

const NAME = new RegExp(`^(?:${POLICY_KINDS.join('|')})-[0-9a-f]{12}\\.yaml$`);

/** Whether a file of the folder is one of these. */
export function isPolicyFile(name: string): boolean {
  return NAME.test(name);
}
