/** What can be changed about encryption at rest. Descriptions tell no key. */

import type { Essence } from '../../core/change-identity.ts';
import { type Cipher, formatCipher } from './cipher.ts';
import type { Keys } from './keys.ts';
import type { Rollout } from './rollout.ts';

export type Change =
  /** Of the cluster that is to be made: stored before anything is written with it. */
  | { readonly kind: 'make-key' }
  | { readonly kind: 'begin'; readonly from: Rollout; readonly next: Cipher }
  | { readonly kind: 'publish-rollout'; readonly rollout: Rollout }
  /** With it go the oldest keys; the last previous ones stay for backups. */
  | { readonly kind: 'settle'; readonly rollout: Rollout }
  | { readonly kind: 'restore-keys'; readonly rollout: Rollout; readonly keys: Keys }
  /** Keys of a backup, given by the operator. */
  | { readonly kind: 'import-keys'; readonly rollout: Rollout; readonly keys: Keys }
  | { readonly kind: 'rewrite'; readonly rollout: Rollout }
  | { readonly kind: 'write-file'; readonly step: number; readonly text: string }
  | { readonly kind: 'remove-file' }
  | { readonly kind: 'note-birth'; readonly digest: string }
  /** Sees that the API server has loaded the file, and says so. */
  | { readonly kind: 'confirm'; readonly digest: string; readonly waits: boolean }
  | { readonly kind: 'publish-in-service'; readonly digest: string | undefined }
  | { readonly kind: 'restart'; readonly digest: string };

export function isDisruptive(change: Change): boolean {
  return change.kind === 'restart';
}

/** What makes the change this change and no other (`core/change-identity.ts`). */
export function essence(change: Change): Essence {
  const { kind } = change;
  switch (change.kind) {
    case 'begin':
      return { kind, next: formatCipher(change.next) };
    case 'publish-rollout':
    case 'settle':
    case 'restore-keys':
    case 'import-keys':
    case 'rewrite':
      return { kind, step: change.rollout.step, phase: change.rollout.phase, secret: change.rollout.secret };
    case 'write-file':
      return { kind, step: change.step };
    case 'note-birth':
    case 'confirm':
    case 'publish-in-service':
    case 'restart':
      return { kind, digest: change.digest };
    case 'make-key':
    case 'remove-file':
      return { kind };
  }
}

/** What the unit is doing meanwhile, for changes that take time. */
export function workOf(change: Change): string | undefined {
  switch (change.kind) {
    case 'restart':
      return 'restarting kube-apiserver (encryption-at-rest)';
    case 'confirm':
      return 'verifying that kube-apiserver has loaded its encryption configuration';
    case 'rewrite':
      return `rewriting Secrets with ${formatCipher(change.rollout.next ?? change.rollout.now)}`;
    default:
      return undefined;
  }
}

export function describe(change: Change): string {
  switch (change.kind) {
    case 'make-key':
      return 'make a key for the encryption of Secrets, and store it in a Juju secret';
    case 'begin':
      return `begin to move Secrets from ${formatCipher(change.from.now)} to ${formatCipher(change.next)}`;
    case 'publish-rollout':
      return `tell the control planes how Secrets are encrypted: ${summary(change.rollout)}`;
    case 'settle':
      return `note that all Secrets are under ${formatCipher(change.rollout.now)}, and keep the last previous keys for backups`;
    case 'restore-keys':
      return 'store the encryption keys in a Juju secret again, out of the file that is in service';
    case 'import-keys':
      return 'store keys of a backup beside those of the cluster';
    case 'rewrite':
      return `rewrite every Secret under ${formatCipher(change.rollout.next ?? change.rollout.now)}`;
    case 'write-file':
      return `write the encryption configuration of step ${change.step}`;
    case 'remove-file':
      return 'remove the encryption configuration, which is not in use any more';
    case 'note-birth':
      return 'note with which encryption configuration the node comes into being';
    case 'confirm':
      return 'see that kube-apiserver has loaded the encryption configuration';
    case 'publish-in-service':
      return 'tell which encryption configuration is in service';
    case 'restart':
      return 'restart kube-apiserver, which has not loaded the encryption configuration';
  }
}

function summary({ phase, now, next }: Rollout): string {
  return next === undefined ? formatCipher(now) : `from ${formatCipher(now)} to ${formatCipher(next)}, ${phase}`;
}
