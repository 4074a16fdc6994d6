/** The EncryptionConfiguration file of an API server (`apiserver.config.k8s.io/v1`). */

import { createHash } from 'node:crypto';
import type { Cipher } from './cipher.ts';
import { isKey, type Keys } from './keys.ts';

/** Where the documentation of the snap has it. The folder goes with the snap. */
export const CONFIGURATION_FILE = '/var/snap/k8s/common/etc/encryption/enc.yaml';
export const CONFIGURATION_MODE = 0o600;

export const CONFIGURATION_FLAG = '--encryption-provider-config';

/** With them an API server uses the file, and loads it again when it changes. */
export const CONFIGURATION_FLAGS: Readonly<Record<string, string>> = {
  [CONFIGURATION_FLAG]: CONFIGURATION_FILE,
  '--encryption-provider-config-automatic-reload': 'true',
};

/**
 * The first cipher writes, all of them read. The same on every unit, and different at every step, so that a digest tells which one an
 * API server has loaded. kube-bench looks for the first provider on the line after `providers:` (CIS 1.2.30).
 * @returns undefined when a key is not there.
 */
export function renderConfiguration(ciphers: readonly Cipher[], step: number, keys: Keys): string | undefined {
  const providers: string[] = [];
  let last: string | undefined;
  for (const cipher of ciphers) {
    if (cipher === 'identity') providers.push('      - identity: {}');
    else {
      const secret = keys.get(cipher.key);
      if (secret === undefined) return undefined;
      if (last !== cipher.provider) providers.push(`      - ${cipher.provider}:`, '          keys:');
      providers.push(`            - name: key${cipher.key}`, `              secret: ${secret}`);
    }
    last = cipher === 'identity' ? undefined : cipher.provider;
  }
  return [
    `# Written by the charm, step ${step}. What is changed here is put back.`,
    'apiVersion: apiserver.config.k8s.io/v1',
    'kind: EncryptionConfiguration',
    'resources:',
    '  - resources:',
    '      - secrets',
    '    providers:',
    ...providers,
    '',
  ].join('\n');
}

/** SHA-256 in hexadecimal, as the API server tells it of what it has loaded. Nobody finds a random key of 256 bits by it. */
export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The keys in a file of whatever origin. */
export function keysIn(text: string): readonly string[] {
  return [...text.matchAll(/\bsecret["']?\s*:\s*["']?([A-Za-z0-9+/]+=*)/g)].map((match) => match[1] ?? '');
}

/** The keys in a file of ours, by their numbers. */
export function numberedKeysIn(text: string): Keys {
  const pairs = text.matchAll(/- name: key([1-9]\d*)\n\s+secret: (\S+)\n/g);
  return new Map([...pairs].flatMap(([, number, key = '']) => (isKey(key) ? [[Number(number), key] as const] : [])));
}
