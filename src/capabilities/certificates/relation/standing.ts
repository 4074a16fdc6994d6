/** How it stands with one wish, for whoever takes certificates into service, and for messages. Plain JSON. */

import type { RefusalKind } from './answer.ts';

export type Standing =
  /** The secret holds a certificate. It may be the one that is in service already: handlers compare fingerprints. */
  | {
      readonly state: 'issued';
      /** Digest of the request that it answers. */
      readonly request: string;
      /** SHA-256, upper-case hexadecimal with colons. */
      readonly fingerprint: string;
      /** RFC 3339. */
      readonly notAfter: string;
      /** PEM of the issuing authority. */
      readonly authority: string;
      /** PEM of the one before it, which may have signed what is still in service elsewhere: trust both. */
      readonly formerAuthority?: string;
    }
  /** No answer yet. `renewal`: an earlier certificate was issued and stays in service meanwhile. */
  | { readonly state: 'requested'; readonly since: string; readonly overdue: boolean; readonly renewal: boolean }
  /** The provider took it back and will issue another for the same request; keep what is in service until then. */
  | { readonly state: 'revoked' }
  /** The provider said no, with a code of `request_errors`. */
  | { readonly state: 'denied'; readonly code: number; readonly message: string }
  /** What the provider sent is not what was asked for, and is not used. */
  | { readonly state: 'refused'; readonly why: RefusalKind; readonly detail: string }
  /** Not asked for: the provider says that it does not issue such certificates. */
  | { readonly state: 'unsupported'; readonly what: 'authorities' | 'addresses' | 'wildcards' }
  /** Not asked for: no authority could issue it. */
  | { readonly state: 'unsound'; readonly problem: string }
  /** About to be asked for, or nobody to ask. */
  | { readonly state: 'unsent' };
