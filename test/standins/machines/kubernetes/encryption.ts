/**
 * How an API server keeps Secrets in etcd: through the providers of an EncryptionConfiguration, as the real one does. The first
 * provider writes; each reads what has its prefix; what another than the first has read is stale, and is written again by the next
 * write, also when nothing else of it changes.
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { parseDocument } from 'yaml';
import { isObject } from '../json.ts';

export interface Codec {
  /** @param key in etcd, which AES-GCM authenticates along with the value. */
  seal(key: string, plain: Buffer): Buffer;
  /** Throws when no provider can read it. */
  open(key: string, raw: Buffer): { readonly plain: Buffer; readonly stale: boolean };
}

/** Of one key of a provider, or of `identity`. */
interface Transformer extends Codec {
  readonly prefix: string;
}

const ENCRYPTED = 'k8s:enc:';
/** AES-128, AES-192 and AES-256. */
const KEY_BYTES: readonly number[] = [16, 24, 32];

const identity: Transformer = {
  prefix: '',
  seal: (_key, plain) => plain,
  open: (_key, raw) => {
    if (raw.toString('latin1', 0, ENCRYPTED.length) === ENCRYPTED)
      throw new Error('identity transformer tried to read encrypted data');
    return { plain: raw, stale: false };
  },
};

/** Without a configuration. */
export const PLAIN: Codec = identity;

export interface LoadedConfiguration {
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
  readonly codec: Codec;
}

/** Throws what kube-apiserver would end on, or refuse to reload. */
export function loadConfiguration(text: string): LoadedConfiguration {
  const document = parseDocument(text, { uniqueKeys: true });
  const problem = document.errors[0]?.message;
  if (problem !== undefined) throw new Error(`error decoding encryption provider configuration: ${problem}`);
  const transformers = transformersOf(document.toJS() as unknown);
  return { digest: digestOf(text), codec: union(transformers) };
}

export function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** As `value.NewPrefixTransformers` of kubernetes/apiserver. */
function union(transformers: readonly Transformer[], noMatch = 'no matching prefix found'): Codec {
  const [first] = transformers;
  if (first === undefined) throw new Error('at least one provider is required');
  return {
    seal: (key, plain) => Buffer.concat([Buffer.from(first.prefix), first.seal(key, plain)]),
    open(key, raw) {
      let failure: unknown;
      for (const [index, { prefix, open }] of transformers.entries()) {
        if (raw.toString('latin1', 0, prefix.length) !== prefix) continue;
        try {
          const { plain, stale } = open(key, raw.subarray(prefix.length));
          return { plain, stale: stale || index > 0 };
        } catch (error) {
          // What identity cannot read, another one may, and nobody hears that it was asked.
          if (prefix !== '') failure ??= error;
        }
      }
      throw failure ?? new Error(noMatch);
    },
  };
}

function transformersOf(value: unknown): readonly Transformer[] {
  if (!isObject(value) || value['kind'] !== 'EncryptionConfiguration')
    throw new Error('no kind "EncryptionConfiguration" is registered');
  if (value['apiVersion'] !== 'apiserver.config.k8s.io/v1') throw new Error('unknown apiVersion');
  onlyKeys(value, ['kind', 'apiVersion', 'resources']);
  const entries = list(value['resources'], 'resources');
  const secrets = entries.find((entry) => isObject(entry) && list(entry['resources'], 'resources').includes('secrets'));
  if (!isObject(secrets)) return [identity];
  onlyKeys(secrets, ['resources', 'providers']);
  return list(secrets['providers'], 'providers').map(providerOf);
}

function providerOf(entry: unknown): Transformer {
  if (!isObject(entry) || Object.keys(entry).length !== 1) throw new Error('exactly one provider per entry');
  const [name = ''] = Object.keys(entry);
  if (name === 'identity') return identity;
  const make = ciphers[name];
  const body = entry[name];
  if (make === undefined || !isObject(body)) throw new Error(`unknown field "resources[0].providers[0].${name}"`);
  onlyKeys(body, ['keys']);
  const keys = list(body['keys'], 'keys').map(keyOf);
  // Two of one name are taken, and both are tried.
  const named = keys.map((key) => ({ ...make(key.secret), prefix: `${key.name}:` }));
  const codec = union(named, 'no matching key was found for the provided AES transformer');
  return { ...codec, prefix: `${ENCRYPTED}${name}:v1:` };
}

function keyOf(value: unknown): { name: string; secret: Buffer } {
  if (!isObject(value)) throw new Error('a key is required');
  onlyKeys(value, ['name', 'secret']);
  const { name, secret } = value;
  if (typeof name !== 'string' || name === '' || name.includes(':')) throw new Error('name: Required value');
  const bytes = Buffer.from(typeof secret === 'string' ? secret : '', 'base64');
  if (!KEY_BYTES.includes(bytes.length))
    throw new Error('secret: Invalid value: "REDACTED": secret is not of the expected length');
  return { name, secret: bytes };
}

const ciphers: Readonly<Record<string, (key: Buffer) => Codec>> = {
  /** A random nonce of 12 bytes, the encrypted value, a tag of 16 (`pkg/storage/value/encrypt/aes` of kubernetes/apiserver). */
  aesgcm: (secret) => ({
    seal(key, plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv(`aes-${bits(secret)}-gcm` as 'aes-256-gcm', secret, nonce).setAAD(Buffer.from(key));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(key, raw) {
      const decipher = createDecipheriv(`aes-${bits(secret)}-gcm` as 'aes-256-gcm', secret, raw.subarray(0, 12), {
        authTagLength: 16,
      });
      decipher.setAAD(Buffer.from(key)).setAuthTag(raw.subarray(-16));
      return { plain: Buffer.concat([decipher.update(raw.subarray(12, -16)), decipher.final()]), stale: false };
    },
  }),
  /** An initialisation vector of 16 bytes, then the encrypted value with PKCS #7 padding. */
  aescbc: (secret) => ({
    seal(_key, plain) {
      const vector = randomBytes(16);
      const cipher = createCipheriv(`aes-${bits(secret)}-cbc`, secret, vector);
      return Buffer.concat([vector, cipher.update(plain), cipher.final()]);
    },
    open(_key, raw) {
      const decipher = createDecipheriv(`aes-${bits(secret)}-cbc`, secret, raw.subarray(0, 16));
      return { plain: Buffer.concat([decipher.update(raw.subarray(16)), decipher.final()]), stale: false };
    },
  }),
};

function bits(key: Buffer): number {
  return key.length * 8;
}

function list(value: unknown, field: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new Error(`${field}: Required value`);
  return value;
}

function onlyKeys(value: Record<string, unknown>, known: readonly string[]): void {
  const stray = Object.keys(value).find((key) => !known.includes(key));
  if (stray !== undefined) throw new Error(`unknown field ${JSON.stringify(stray)}`);
}
