/** What Secrets are under in etcd: a numbered key of a provider, or nothing (`identity`), in the words of an EncryptionConfiguration. */

/** With keys of 32 bytes both are AES-256; see docs/explanation/encryption.md for which is the better one when. */
export const PROVIDERS = ['aesgcm', 'aescbc'] as const;
export type Provider = (typeof PROVIDERS)[number];

export interface KeyInUse {
  readonly provider: Provider;
  /** From 1 on; a number is never used again. */
  readonly key: number;
}

export type Cipher = 'identity' | KeyInUse;

export function sameCipher(one: Cipher, other: Cipher): boolean {
  return formatCipher(one) === formatCipher(other);
}

/** `aesgcm:2`, or `identity`. */
export function formatCipher(cipher: Cipher): string {
  return cipher === 'identity' ? cipher : `${cipher.provider}:${cipher.key}`;
}

export function parseCipher(text: unknown): Cipher | undefined {
  if (text === 'identity') return text;
  const [name, number] = typeof text === 'string' ? text.split(':') : [];
  const provider = PROVIDERS.find((one) => one === name);
  const key = Number(number);
  return provider !== undefined && Number.isSafeInteger(key) && key > 0 ? { provider, key } : undefined;
}
