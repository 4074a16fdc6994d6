/** Everything that the certificates domain may change by itself, as data. */

import type { Essence } from '../../core/change-identity.ts';
import type { RefreshNote } from './backup.ts';
import type { Order } from './cluster-refresh/wire.ts';
import type { ApprovalWish, SpentDecision } from './facts.ts';
import { listed } from './renewal/obstacles.ts';
import type { RequestJournal } from './request-journal.ts';

export type Change =
  | { readonly kind: 'finish-refresh'; readonly note: RefreshNote }
  | { readonly kind: 'clear-leftovers' }
  | {
      readonly kind: 'refresh-sans';
      /** `apiserver`, `kubelet`, or both. */
      readonly names: readonly string[];
      readonly missing: readonly string[];
      readonly extraSans: readonly string[];
      readonly expirationSeconds: number;
    }
  | {
      readonly kind: 'renew';
      readonly names: readonly string[];
      readonly expirationSeconds: number;
      readonly extraSans: readonly string[];
      /** Of a refresh of the whole cluster. */
      readonly order?: string;
    }
  | { readonly kind: 'begin-renewal'; readonly expirationSeconds: number; readonly order?: string }
  | { readonly kind: 'report-refresh'; readonly id: string; readonly failure: string }
  | { readonly kind: 'clear-refresh-report' }
  | { readonly kind: 'clear-refresh-order'; readonly relation: string }
  | {
      readonly kind: 'end-cluster-refresh';
      readonly order: Order;
      readonly relations: readonly string[];
      readonly summary: string;
    }
  | { readonly kind: 'announce-requests'; readonly relation: string; readonly journal: RequestJournal }
  | { readonly kind: 'take-certificates'; readonly journal: RequestJournal }
  | { readonly kind: 'give-up-refresh'; readonly reason: string }
  | { readonly kind: 'clear-announcement'; readonly relation: string }
  | { readonly kind: 'decide-requests'; readonly wish: ApprovalWish }
  | { readonly kind: 'clear-decision'; readonly decision: SpentDecision };

/** Changes during which a service of the node restarts: on control planes they take turns. */
export function isDisruptive(change: Change): boolean {
  return change.kind === 'refresh-sans' || change.kind === 'renew';
}

/** What makes the change this change and no other (`core/change-identity.ts`). */
export function essence(change: Change): Essence {
  const { kind } = change;
  switch (change.kind) {
    case 'finish-refresh':
      return { kind, names: change.note.names };
    case 'refresh-sans':
      return { kind, missing: change.missing, names: change.names };
    case 'renew':
      return { kind, names: change.names };
    case 'report-refresh':
      return { kind, id: change.id };
    case 'clear-refresh-order':
    case 'clear-announcement':
      return { kind, relation: change.relation };
    case 'decide-requests':
      return { kind, unit: change.wish.unit };
    case 'clear-decision':
      return { kind, key: change.decision.key };
    case 'clear-leftovers':
    case 'begin-renewal':
    case 'clear-refresh-report':
    case 'end-cluster-refresh':
    case 'announce-requests':
    case 'take-certificates':
    case 'give-up-refresh':
      return { kind };
  }
}

/** What the unit is doing meanwhile, for changes that take time. */
export function workOf(change: Change): string | undefined {
  switch (change.kind) {
    case 'finish-refresh':
      return 'completing an interrupted refresh of certificates';
    case 'refresh-sans':
      return `renewing ${certificatesOf(change.names)} for names and addresses`;
    case 'renew':
      return 'renewing certificates';
    case 'take-certificates':
      return 'putting new certificates into service';
    default:
      return undefined;
  }
}

/** The sentence by which earlier revisions remembered that such a change had been undone. Not to be reworded. */
export function formerSentence(change: Change): string | undefined {
  switch (change.kind) {
    case 'refresh-sans':
      return `issue the API server's certificate anew with ${change.missing.join(', ')}`;
    case 'renew':
      return `renew the certificates ${listed(change.names.map((name) => ({ name })))}`;
    default:
      return undefined;
  }
}

/** For a sentence. */
export function certificatesOf(names: readonly string[]): string {
  const servers = names.map((name) => (name === 'apiserver' ? 'the API server' : name)).join(' and ');
  return names.length === 1 ? `${servers}'s certificate` : `the certificates of ${servers}`;
}

/** One line for an operator. */
export function describe(change: Change): string {
  switch (change.kind) {
    case 'finish-refresh':
      return `finish the refresh of ${change.note.names.join(', ') || 'the certificates'} that was interrupted`;
    case 'clear-leftovers':
      return 'remove keys and copies that an interrupted refresh of the certificates has left';
    case 'refresh-sans':
      return `issue ${certificatesOf(change.names)} anew with ${change.missing.join(', ')}`;
    case 'renew':
      return `renew the certificates ${listed(change.names.map((name) => ({ name })))}`;
    case 'begin-renewal':
      return 'renew the certificates of this worker';
    case 'report-refresh':
      return `tell that the certificates are not refreshed: ${change.failure}`;
    case 'clear-refresh-report':
      return 'forget what was told of a refresh of the whole cluster';
    case 'clear-refresh-order':
      return `take back the refresh of the whole cluster on ${change.relation}`;
    case 'end-cluster-refresh':
      return `end the refresh of the whole cluster: ${change.summary}`;
    case 'announce-requests':
      return 'have the certificate requests of this worker approved by the control plane';
    case 'take-certificates':
      return 'take the new certificates of this worker into use';
    case 'give-up-refresh':
      return `give up the refresh of the certificates: ${change.reason}`;
    case 'clear-announcement':
      return 'take back the certificate requests of this worker';
    case 'decide-requests':
      return `check and decide the certificate requests of ${change.wish.unit}`;
    case 'clear-decision':
      return `clear ${change.decision.key}`;
  }
}
