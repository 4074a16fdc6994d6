/** What is so, as far as the certificates domain decides by it. */

import type { Role } from '../../core/role.ts';
import type { RefreshNote } from './backup.ts';
import type { ClusterRefreshFacts } from './cluster-refresh/facts.ts';
import type { Examined } from './inventory/examined.ts';
import type { Manager } from './inventory/record.ts';
import type { CertificateOptions } from './options.ts';
import type { Certificate } from './read.ts';
import type { FailedAttempts } from './renewal/attempts.ts';
import type { RequestJournal } from './request-journal.ts';

/** What other domains know and this one needs; the charm hands it over. */
export interface NodeIdentity {
  readonly role: Role;
  readonly nodeName: string;
  /** Minor version of the installed snap. */
  readonly minor: number;
  /** Address at which the node's services answer; undefined while Juju knows none. */
  readonly address: string | undefined;
  /** What Juju calls the unit's own by now, the one that others are told first. */
  readonly boundAddresses: readonly string[];
  /** Names and addresses that the API server's certificate must have. */
  readonly requiredSans: readonly string[];
  /** Names and addresses of control planes: no worker gets a certificate for them, whatever stands in its databag. */
  readonly reserved: readonly string[];
  readonly leader: boolean;
  readonly options: CertificateOptions;
  /** Who brings new certificates, by name; the snap does for all others. */
  readonly managers: Readonly<Record<string, Manager>>;
  /** Ranges of which no worker has an address, with whose they are: of services, of pods, of the load balancer. */
  readonly reservedRanges: readonly ReservedRange[];
  /** Worker units that are in the cluster, with the node that the leader has recorded for each. */
  readonly workers: ReadonlyMap<string, string>;
  /** Addresses that the leader has recorded for worker units, whatever their databags say by now; absent: none yet. */
  readonly workerAddresses: ReadonlyMap<string, readonly string[]>;
}

export interface ReservedRange {
  readonly range: string;
  readonly owner: string;
}

/** A request that a unit says it has made. */
export interface PublishedRequest {
  /** Name of the CertificateSigningRequest object. */
  readonly object: string;
  readonly digest: string;
}

/** A worker's wish that its certificate requests be approved. */
export interface ApprovalWish {
  readonly relation: string;
  readonly unit: string;
  /** The node on record, not what the unit says of itself; undefined while the unit has not joined. */
  readonly node: string | undefined;
  /** Another unit that is on record for the same node. */
  readonly rival: string | undefined;
  readonly id: string;
  readonly requests: readonly PublishedRequest[];
  /** Addresses on record for the unit. */
  readonly addresses: readonly string[];
  /** What an operator runs to have others on record. */
  readonly remedy: string;
  readonly reservedRanges: readonly ReservedRange[];
  /** Nodes of workers on record: what their kubelets say of their addresses is a claim. */
  readonly claimants: readonly string[];
  /** Names and addresses that are somebody else's, in the form of `normaliseSan`, with whose they are. */
  readonly foreign: ReadonlyMap<string, string>;
  /** Nobody has asked for it. */
  readonly renewal: boolean;
}

/** A decision whose wish is gone. */
export interface SpentDecision {
  readonly relation: string;
  readonly key: string;
  readonly id: string;
  /** The unit's node on record; undefined when the unit has left. */
  readonly node: string | undefined;
}

/** What the leader has told us of our requests. */
export interface Decision {
  readonly id: string;
  readonly approved: boolean;
  readonly reason: string;
  /** RFC 3339: when a renewal was approved. */
  readonly at?: string;
}

export interface RenewalFacts {
  /** `k8s-worker/3` */
  readonly unit: string;
  readonly failed: FailedAttempts | undefined;
  /** Leader: when renewals of workers were approved that have not come to their end. */
  readonly approvedAt: readonly Date[];
}

export interface CertificateFacts {
  readonly node: NodeIdentity;
  /** A refresh through k8sd that has not been seen to its end. */
  readonly note: RefreshNote | undefined;
  /** Keys or copies lie on the machine though neither a note nor a journal says what for. */
  readonly leftovers: boolean;
  /** All certificates of the node, as findings need them. */
  readonly inventory: readonly Examined[];
  /** Names of those whose services serve another one than lies in the file. */
  readonly servedOtherwise: readonly string[];
  /** Control planes: the API server's certificate and the authority that signs it. */
  readonly apiServer: Pick<Certificate, 'sans' | 'notBefore' | 'notAfter'> | undefined;
  readonly authority: Pick<Certificate, 'notAfter'> | undefined;
  /** Workers: requests that were made and not been brought to their end. */
  readonly journal: RequestJournal | undefined;
  /** Workers: what of it stands in our databag. */
  readonly announced: string | undefined;
  /** Workers: relation with the control plane. */
  readonly relation: string | undefined;
  readonly decision: Decision | undefined;
  /** Workers: whether the control plane decides on requests, as ours does; undefined: it has said nothing of it. Existing charms do not. */
  readonly decides: boolean | undefined;
  /** Workers: all requests are approved, though the control plane has said nothing: somebody did it by hand. */
  readonly approvedByHand: boolean;
  /** Why the last refresh of this worker failed, until the next one. */
  readonly failure: string | undefined;
  readonly renewal: RenewalFacts;
  readonly clusterRefresh: ClusterRefreshFacts;
  /** Leader: wishes that have not been decided. */
  readonly wishes: readonly ApprovalWish[];
  /** Leader: what it may clear away. */
  readonly spent: readonly SpentDecision[];
  readonly now: Date;
}
