/**
 * Certificates and keys as an operator brings them, in the form in which Go's programs read them. What cannot be brought into it is left
 * as it is, and the reason is told where it is examined.
 */

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { encodePem, type PemBlock, readPem } from '../../../core/pem.ts';
import { readAllIssued } from '../relation/issued.ts';
import type { Pems } from './fields.ts';

/** More than any chain of a cluster has; each step of a chain costs a signature check. */
const MOST_CERTIFICATES = 10;
/** A certificate of a hundred names has some five thousand characters. */
const LARGEST_BYTES = 48 * 1024;

/** Every `…-crt` and `…-key`; of a certificate with its issuers the one whose key is beside it comes first, as k8sd expects it. */
export function asGoReads(content: Pems): Pems {
  return Object.fromEntries(
    Object.entries(content).map(([name, text]) => {
      if (name.endsWith('-crt')) return [name, certificatesText(text, content[name.replace(/-crt$/, '-key')] ?? '')];
      return [name, name.endsWith('-key') ? keyText(text) : text];
    }),
  );
}

/** Why a text is no certificate with its issuers, as the end of a sentence that begins with its name. */
export function certificateProblem(text: string): string | undefined {
  const { blocks, problem } = readPem(text);
  if (blocks.some(({ label }) => label === 'TRUSTED CERTIFICATE'))
    return 'is in a form that only OpenSSL reads (TRUSTED CERTIFICATE); write it anew with openssl x509 -in <file> -out <file>';
  if (problem !== undefined) return problem;
  const found = blocks.filter(isCertificate).length;
  if (found === 0) return noneProblem(text, blocks);
  if (found > MOST_CERTIFICATES) return `has ${found} certificates; at most ${MOST_CERTIFICATES} belong to a chain`;
  if (blocks.some(({ bytes }) => bytes.length > LARGEST_BYTES)) return 'has a certificate of more than 48 KiB';
  return readAllIssued(text).length < found ? 'has a certificate in it that cannot be read' : undefined;
}

/** The key, or why k8sd does not take it: RSA, in PEM of PKCS #1 or #8, not encrypted. Never quotes the text. */
export function readGivenKey(text: string): { readonly key: KeyObject } | { readonly problem: string } {
  const { blocks, problem } = readPem(text);
  const keys = blocks.filter(isKey);
  const [block] = keys;
  if (block === undefined) return { problem: problem ?? 'is no private key in PEM' };
  if (keys.length > 1)
    return { problem: `holds ${keys.length} private keys; give the one that belongs to the certificate` };
  if (block.label === 'ENCRYPTED PRIVATE KEY' || /ENCRYPTED/.test(block.headers['Proc-Type'] ?? ''))
    return { problem: 'is encrypted; give it without a passphrase' };
  if (block.label === 'EC PRIVATE KEY') return { problem: NOT_RSA };
  if (block.label !== 'RSA PRIVATE KEY' && block.label !== 'PRIVATE KEY')
    return { problem: 'is no private key in PEM of PKCS #1 or #8' };
  try {
    const type = block.label === 'PRIVATE KEY' ? 'pkcs8' : 'pkcs1';
    const key = createPrivateKey({ key: Buffer.from(block.bytes), format: 'der', type });
    return key.asymmetricKeyType === 'rsa' ? { key } : { problem: NOT_RSA };
  } catch {
    return { problem: 'cannot be read' };
  }
}

const NOT_RSA = 'must be an RSA key: k8sd takes no other';

function certificatesText(text: string, beside: string): string {
  if (certificateProblem(text) !== undefined) return text;
  const certificates = readAllIssued(text);
  const read = readGivenKey(beside);
  const own = 'key' in read ? certificates.find(({ parsed }) => parsed.checkPrivateKey(read.key)) : undefined;
  const ordered = own === undefined ? certificates : [own, ...certificates.filter((each) => each !== own)];
  return ordered.map(({ pem }) => `${pem}\n`).join('');
}

function keyText(text: string): string {
  if ('problem' in readGivenKey(text)) return text;
  return readPem(text)
    .blocks.filter(isKey)
    .map(({ label, bytes }) => encodePem(label, bytes))
    .join('');
}

function noneProblem(text: string, blocks: readonly PemBlock[]): string {
  if (blocks.some(isKey)) return 'holds a private key and no certificate';
  if (Buffer.from(text.slice(0, 1000), 'base64').toString('latin1').includes('-----BEGIN '))
    return 'is encoded in base64 once more; give the PEM file itself, as in <key>#file=<path>';
  return 'is no certificate in PEM';
}

function isCertificate({ label }: PemBlock): boolean {
  return label === 'CERTIFICATE' || label === 'X509 CERTIFICATE';
}

function isKey({ label }: PemBlock): boolean {
  return label === 'PRIVATE KEY' || label.endsWith(' PRIVATE KEY');
}
