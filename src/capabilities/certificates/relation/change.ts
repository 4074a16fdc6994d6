/** Everything that may be done about certificates from a provider, as data. */

import type { Essence } from '../../../core/change-identity.ts';
import type { Answer } from './answer.ts';
import { type Memory, NOTHING } from './memory.ts';
import type { CertificateWish, Mode } from './wish.ts';

export type RelationChange =
  /** Takes a request out of the databag, which is how a provider is told to revoke; its certificate's secret goes too. */
  | {
      readonly kind: 'withdraw-request';
      readonly relation: string;
      readonly mode: Mode;
      readonly pem: string;
      readonly authority: boolean;
      /** Undefined for what cannot be read. */
      readonly digest: string | undefined;
      /** Undefined when it belongs to no wish any more. */
      readonly id: string | undefined;
      readonly reason: 'unreadable' | 'unwanted' | 'duplicate' | 'renewal';
    }
  | {
      readonly kind: 'send-request';
      readonly relation: string;
      readonly wish: CertificateWish;
      readonly renewal: boolean;
    }
  | {
      readonly kind: 'keep-certificate';
      readonly wish: CertificateWish;
      readonly digest: string;
      readonly answer: Answer;
      /** RFC 3339; when its secret runs out. Undefined: never. */
      readonly expire: string | undefined;
      readonly receivedAt: Date;
    }
  | { readonly kind: 'discard-certificate'; readonly wish: CertificateWish; readonly digest: string }
  | { readonly kind: 'forget-relation' }
  /** Secrets that ran out and whose certificates are not to be renewed. */
  | { readonly kind: 'forget-run-out'; readonly digests: readonly string[] }
  | { readonly kind: 'remember'; readonly memory: Memory };

/** Leaves nothing of an integration on our side but the requests in the databag. */
export const FORGET_ALL: readonly RelationChange[] = [
  { kind: 'forget-relation' },
  { kind: 'remember', memory: NOTHING },
];

/** What makes the change this change and no other (`core/change-identity.ts`). */
export function relationEssence(change: RelationChange): Essence {
  const { kind } = change;
  switch (change.kind) {
    case 'withdraw-request':
      return { kind, relation: change.relation, pem: change.pem, reason: change.reason };
    case 'send-request':
      return { kind, relation: change.relation, id: change.wish.id, renewal: change.renewal };
    case 'keep-certificate':
    case 'discard-certificate':
      return { kind, id: change.wish.id, digest: change.digest };
    case 'forget-run-out':
      return { kind, digests: change.digests };
    case 'forget-relation':
    case 'remember':
      return { kind };
  }
}

/** One line for an operator. */
export function describeRelationChange(change: RelationChange): string {
  switch (change.kind) {
    case 'withdraw-request':
      return change.reason === 'renewal'
        ? `replace the request for the certificate ${change.id}`
        : `withdraw ${change.reason === 'unwanted' ? 'a request for a certificate that is not wanted any more' : `a request that is ${change.reason === 'duplicate' ? 'there twice' : 'unreadable'}`}`;
    case 'send-request':
      return `${change.renewal ? 'renew' : 'request'} the certificate ${change.wish.id}`;
    case 'keep-certificate':
      return `keep the certificate ${change.wish.id} that was issued`;
    case 'discard-certificate':
      return `forget the certificate ${change.wish.id}, which was revoked`;
    case 'forget-relation':
      return 'forget keys and certificates of an integration that has ended';
    case 'forget-run-out':
      return 'forget secrets that ran out';
    case 'remember':
      return 'remember how it stands with the provider of certificates';
  }
}
