/** What is so between us and the provider of certificates. */

import type { IssuedCertificate } from './issued.ts';
import type { PublicKey } from './keys.ts';
import type { Look, Memory } from './memory.ts';
import type { BagCertificate, BagError, Capabilities } from './provider-bag.ts';
import type { SigningRequest } from './read-request.ts';
import type { CertificateWish, Mode } from './wish.ts';

/** Shares of a certificate's life, and how long an answer may take. */
export interface Timing {
  /** Of what is left of its life when it is received: then its secret runs out, and it is renewed. */
  readonly renewAt: number;
  /** Of its whole life: then it is renewed even if nobody said that the secret has run out. */
  readonly safetyNet: number;
  /** After this time without an answer something is likely to be wrong. */
  readonly answerWithinMs: number;
}

export const DEFAULT_TIMING: Timing = { renewAt: 0.9, safetyNet: 0.95, answerWithinMs: 15 * 60_000 };

/** A request in one of our databags. */
export interface OwnRequest {
  readonly mode: Mode;
  /** As it stands there, without blanks around it. */
  readonly pem: string;
  readonly authority: boolean;
  /** Undefined when it cannot be read. */
  readonly content: SigningRequest | undefined;
}

/** A certificate that we keep in a secret. */
export interface HeldCertificate {
  readonly certificate: IssuedCertificate;
  /** PEM. */
  readonly authority: string;
  /** PEM, leaf first. */
  readonly chain: string;
  readonly receivedAt: Date;
}

/** An item of the provider's, with the digest of the request that it speaks of. */
export type ProviderCertificate = BagCertificate & { readonly digest: string };
export type ProviderError = BagError & { readonly digest: string };

export interface WishFacts {
  readonly wish: CertificateWish;
  /** As `wantedExtensions` gives them. */
  readonly extensions: readonly string[];
  /** Public part of the key in the wish's secret; undefined when there is none. */
  readonly key: PublicKey | undefined;
}

export interface RelationFacts {
  readonly endpoint: string;
  /** Our own application. */
  readonly requirer: string;
  /** Undefined: none. */
  readonly relation: { readonly id: string; readonly application: string } | undefined;
  /** The endpoint takes one; more cannot be served. */
  readonly tooMany: boolean;
  /** Whether this very event ends the integration. */
  readonly broken: boolean;
  /** Those that are this unit's to see to: its own, and the application's while it leads. */
  readonly wishes: readonly WishFacts[];
  readonly requests: readonly OwnRequest[];
  /** By digest of the request. */
  readonly held: ReadonlyMap<string, HeldCertificate>;
  readonly certificates: readonly ProviderCertificate[];
  readonly errors: readonly ProviderError[];
  readonly capabilities: Capabilities;
  readonly memory: Memory;
  /** Digests of requests whose certificate is to be renewed because its secret ran out. */
  readonly runOut: ReadonlySet<string>;
  readonly timing: Timing;
  readonly now: Date;
  /** Of everything that was looked at. */
  readonly digest: string;
  /** Nothing differs from the last look, which is then all that is in here. */
  readonly settled: Look | undefined;
}
