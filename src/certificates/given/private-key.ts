/** Private keys as k8sd reads them: RSA, in PEM of PKCS #1 or #8, not encrypted. */

import { createPrivateKey, type KeyObject } from 'node:crypto';

/** The key, or why k8sd does not take it. Never quotes the text. */
export function readGivenKey(pem: string): { readonly key: KeyObject } | { readonly problem: string } {
  const block = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (block === undefined) return { problem: 'is no private key in PEM' };
  if (block === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type:.*ENCRYPTED/m.test(pem))
    return { problem: 'is encrypted; give it without a passphrase' };
  if (block === 'EC PRIVATE KEY') return { problem: NOT_RSA };
  if (block !== 'RSA PRIVATE KEY' && block !== 'PRIVATE KEY') return { problem: 'is no private key in PEM' };
  try {
    const key = createPrivateKey(pem);
    return key.asymmetricKeyType === 'rsa' ? { key } : { problem: NOT_RSA };
  } catch {
    return { problem: 'cannot be read' };
  }
}

const NOT_RSA = 'must be an RSA key: k8sd takes no other';
