/**
 * RSA-2048 private keys, the only kind that k8sd makes. Making one takes longer than all the rest of a certificate, so
 * keys are kept in a cache folder and drawn one after the other; a provider never draws the same one twice.
 */

import { generateKeyPair, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/k8s-charms/', import.meta.url));
/** Beyond this many, keys are made and not kept. */
const CACHED_KEYS = 192;

const generate = promisify(generateKeyPair);

export interface KeyPool {
  /** How many were drawn: with this a later process goes on without repetition. */
  readonly drawn: number;
  /** PKCS#1 PEM of a private key that this provider has not used. */
  draw(): Promise<string>;
}

export function openKeyPool(drawn: number): KeyPool {
  let next = drawn;
  return {
    get drawn() {
      return next;
    },
    draw: () => key(next++),
  };
}

async function key(index: number): Promise<string> {
  if (index >= CACHED_KEYS) return newKey();
  const path = `${CACHE}rsa-2048-${index}.pem`;
  const kept = await read(path);
  if (kept !== undefined) return kept;
  const made = await newKey();
  await mkdir(CACHE, { recursive: true });
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, made, { mode: 0o600 });
  try {
    await link(temporary, path);
    return made;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return (await read(path)) ?? made;
  } finally {
    await unlink(temporary);
  }
}

async function newKey(): Promise<string> {
  const { privateKey } = await generate('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return privateKey;
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
