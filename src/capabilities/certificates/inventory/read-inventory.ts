/**
 * Reads every certificate of a node. What node:crypto tells of a certificate suffices, signatures and key identifiers included (OpenSSL
 * compares them in `checkIssued`), so that no X.509 library has to be loaded. Loaded itself only when files have changed.
 *
 * Whatever lies in a file is a finding and never an error: a node with a broken certificate is the one that needs an inventory.
 */

import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { Files } from '../../../clients/host/host.ts';
import type { Role } from '../../../core/role.ts';
import { parseSubjectAltName } from '../sans.ts';
import { derLength, type PemBlock, parsePem } from './pem.ts';
import { inventoryPlaces, type Place } from './places.ts';
import { type CertificateRecord, type InventoryRecord, isRead, type PublicKey, type Signer } from './record.ts';

/** No certificate file of a node comes near it; more is not taken apart. */
const LARGEST_FILE = 1024 * 1024;

type Reading = Pick<Files, 'read'>;

export async function readInventory(files: Reading, role: Role): Promise<readonly InventoryRecord[]> {
  const read = await Promise.all(inventoryPlaces(role).map((place) => readPlace(files, place)));
  const authorities = read.flatMap((source) => (source.place.kind === 'authority' ? source.certificates : []));
  const records = read.flatMap((source) => {
    const record = describe(source, authorities);
    return record === undefined ? [] : [record];
  });
  return records.some((record) => record.place.always && isRead(record))
    ? records
    : records.filter((record) => isRead(record) || record.problem !== MISSING);
}

const MISSING = 'is not there, though the node is in a cluster';

interface Source {
  readonly place: Place;
  /** All that can be read; the first is the one that counts. */
  readonly certificates: readonly Parsed[];
  readonly problem: string | undefined;
  readonly key: KeyObject | 'absent' | 'unreadable';
  readonly trailing: CertificateRecord['trailing'];
}

interface Parsed {
  readonly place: Place;
  readonly certificate: X509Certificate;
  readonly publicKey: KeyObject;
}

async function readPlace(files: Reading, place: Place): Promise<Source> {
  const text = await readText(files, place.path);
  const none = { place, certificates: [], key: 'absent', trailing: 'none' } as const;
  if (text === undefined) return { ...none, problem: place.always ? MISSING : undefined };
  if (text instanceof Unreadable) return { ...none, problem: text.message };
  const [pem, key] =
    place.keyPath === undefined
      ? [embedded(text, 'client-certificate-data'), embedded(text, 'client-key-data')]
      : [text, await readText(files, place.keyPath)];
  const { blocks, trailing } = parsePem(pem);
  const [first, ...rest] = blocks;
  const parsed = first === undefined ? undefined : parseBlock(place, first);
  if (first === undefined || parsed === undefined)
    return { ...none, problem: first === undefined ? whyNoBlock(pem, place) : whyNoCertificate(first) };
  const others = rest.flatMap((block) => parseBlock(place, block)?.parsed ?? []);
  return {
    place,
    certificates: [parsed.parsed, ...others],
    problem: undefined,
    key: readKey(key),
    trailing: parsed.trailing ? 'within' : trailing ? 'after' : 'none',
  };
}

class Unreadable extends Error {}

/** A directory, or a file that may not be read, is as much a finding as a broken one. */
async function readText(files: Reading, path: string): Promise<string | Unreadable | undefined> {
  try {
    const text = await files.read(path);
    return text !== undefined && text.length > LARGEST_FILE ? new Unreadable('is larger than a megabyte') : text;
  } catch (error) {
    return new Unreadable(`cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown reason'}`);
  }
}

/** The kubeconfigs are k8sd's own: everything embedded, one user. */
function embedded(kubeconfig: string, field: string): string {
  const data =
    new RegExp(`^[ \\t]*${field}:[ \\t]*["']?([A-Za-z0-9+/=]+)["']?[ \\t\\r]*$`, 'm').exec(kubeconfig)?.[1] ?? '';
  return Buffer.from(data, 'base64').toString('utf8');
}

function whyNoBlock(pem: string, { keyPath }: Place): string {
  if (pem.trim() === '') return keyPath === undefined ? 'holds no client certificate' : 'is empty';
  return pem.includes('-----BEGIN ')
    ? 'holds no PEM that Go can read: it is cut off or damaged, or something is in the line of its BEGIN or END'
    : 'holds no PEM';
}

function whyNoCertificate({ label }: PemBlock): string {
  return label === 'CERTIFICATE'
    ? 'holds no certificate that can be read'
    : `begins with a ${label}, of which Kubernetes makes nothing; the certificate has to come first`;
}

function parseBlock(place: Place, { label, text, bytes }: PemBlock): { parsed: Parsed; trailing: boolean } | undefined {
  if (label !== 'CERTIFICATE') return undefined;
  const whole = parseCertificate(place, text);
  if (whole !== undefined) return { parsed: whole, trailing: false };
  const length = derLength(bytes);
  if (length === undefined || length === bytes.length) return undefined;
  const begun = parseCertificate(place, bytes.subarray(0, length));
  return begun && { parsed: begun, trailing: true };
}

/** OpenSSL takes a certificate apart lazily: what it cannot make sense of shows when it is asked for. */
function parseCertificate(place: Place, content: string | Uint8Array): Parsed | undefined {
  try {
    const certificate = new X509Certificate(content);
    const parsed = { place, certificate, publicKey: certificate.publicKey };
    const { notBefore, notAfter } = fieldsOf(parsed);
    return Number.isNaN(notBefore.getTime() + notAfter.getTime()) ? undefined : parsed;
  } catch {
    return undefined;
  }
}

function readKey(text: string | Unreadable | undefined): Source['key'] {
  if (text === undefined || text === '') return 'absent';
  if (text instanceof Unreadable) return 'unreadable';
  try {
    return createPrivateKey(text);
  } catch {
    return 'unreadable';
  }
}

function describe(source: Source, authorities: readonly Parsed[]): InventoryRecord | undefined {
  const { place, certificates, problem, key, trailing } = source;
  const [first] = certificates;
  if (first === undefined) return problem === undefined ? undefined : { place, problem };
  const candidates = place.kind === 'authority' ? [...certificates.slice(1), ...authorities] : authorities;
  return {
    place,
    ...fieldsOf(first),
    signer: signerOf(first, candidates),
    privateKey: typeof key === 'string' ? key : first.certificate.checkPrivateKey(key) ? 'own' : 'other',
    trailing,
  };
}

function fieldsOf({
  certificate,
  publicKey,
}: Parsed): Omit<CertificateRecord, 'place' | 'signer' | 'privateKey' | 'trailing'> {
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    sans: parseSubjectAltName(certificate.subjectAltName),
    serial: certificate.serialNumber,
    key: describeKey(publicKey),
    signatureAlgorithm: certificate.signatureAlgorithm ?? certificate.signatureAlgorithmOid,
    usages: certificate.keyUsage?.map((identifier) => USAGES[identifier] ?? identifier),
    notBefore: certificate.validFromDate,
    notAfter: certificate.validToDate,
    fingerprint: certificate.fingerprint256,
    isAuthority: certificate.ca,
  };
}

/** An empty subject is undefined here. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ');
}

function describeKey(key: KeyObject): PublicKey {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  return {
    type: key.asymmetricKeyType ?? 'unknown',
    bits: modulusLength,
    curve: namedCurve === undefined ? undefined : (CURVES[namedCurve] ?? namedCurve),
  };
}

/**
 * The authority whose key verifies the signature (RFC 5280 section 6.1.3 (a)(1)), those first that also agree in names and key
 * identifiers ((a)(4) and section 4.2.1.1).
 */
function signerOf({ place, certificate, publicKey }: Parsed, candidates: readonly Parsed[]): Signer {
  if (isSignedWith(certificate, publicKey)) return { kind: 'self' };
  const signers = candidates
    .filter((candidate) => isSignedWith(certificate, candidate.publicKey))
    .map((candidate) => ({ ...candidate, agrees: certificate.checkIssued(candidate.certificate) }))
    .sort((one, other) => rank(one, place) - rank(other, place));
  const [signer] = signers;
  if (signer === undefined) return { kind: 'unknown' };
  return {
    kind: 'authority',
    name: signer.place.name,
    notAfter: signer.certificate.validToDate,
    isAuthority: signer.certificate.ca,
    agrees: signer.agrees,
  };
}

function rank({ agrees, place }: { agrees: boolean; place: Place }, of: Place): number {
  return (agrees ? 0 : 2) + (place.name === of.authority ? 0 : 1);
}

/** A key of another kind than the signature's is an error to OpenSSL; to us it is another key. */
function isSignedWith(certificate: X509Certificate, key: KeyObject): boolean {
  try {
    return certificate.verify(key);
  } catch {
    return false;
  }
}

/** RFC 5280 section 4.2.1.12. */
const USAGES: Readonly<Record<string, string>> = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

const CURVES: Readonly<Record<string, string>> = { prime256v1: 'P-256', secp384r1: 'P-384', secp521r1: 'P-521' };
