/**
 * A join token on its way from a deputy to the leader. Of two units of one application only the leader can own a secret that the
 * other one reads: Juju 4.0 refuses to grant a unit's secret over a peer relation. So the leader gives the key, in a secret of the
 * application, and the deputy puts what it seals with it into its databag.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SecretContent } from '../../clients/juju/juju.ts';

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** What GCM is specified for (NIST SP 800-38D section 8.2). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Key in the content of the secret. */
const CONTENT_KEY = 'sealing-key';
/** Characters; a token has some hundreds. */
export const LONGEST_SEALED = 16_384;

/** Who seals for whom, and which try it is: what was sealed for another purpose does not open. */
export interface Purpose {
  readonly by: string;
  readonly for: string;
  readonly revision: number;
}

/** Content of a new secret of the leader's. */
export function newSealingKey(): SecretContent {
  return { [CONTENT_KEY]: randomBytes(KEY_BYTES).toString('base64') };
}

/** The key in a secret, or undefined when the secret is not there, or holds none. */
export function sealingKey(content: SecretContent | undefined): Buffer | undefined {
  const key = Buffer.from(content?.[CONTENT_KEY] ?? '', 'base64');
  return key.length === KEY_BYTES ? key : undefined;
}

/** @returns base64 of nonce, tag and sealed text. */
export function seal(key: Buffer, token: string, purpose: Purpose): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(bound(purpose));
  const sealed = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** Undefined when it was not sealed with this key for this purpose. */
export function unseal(key: Buffer, text: string, purpose: Purpose): string | undefined {
  const bytes = Buffer.from(text.slice(0, LONGEST_SEALED), 'base64');
  if (bytes.length <= NONCE_BYTES + TAG_BYTES) return undefined;
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(bound(purpose));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

function bound(purpose: Purpose): Buffer {
  return Buffer.from(JSON.stringify([purpose.by, purpose.for, purpose.revision]));
}
