/** Reads certificates from PEM files and kubeconfigs. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Files } from '../../clients/host/host.ts';
import type { Role } from '../../core/role.ts';
import { type CertificateFile, certificateFiles } from './names.ts';
import { parseSubjectAltName } from './sans.ts';

export interface Certificate {
  readonly file: CertificateFile;
  readonly subject: string;
  /** Common name of the issuer. */
  readonly issuer: string;
  readonly serial: string;
  readonly sans: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** SHA-256, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
}

export interface UnreadableCertificate {
  readonly file: CertificateFile;
  readonly problem: string;
}

export type ReadCertificate = Certificate | UnreadableCertificate;

export function isReadable(certificate: ReadCertificate): certificate is Certificate {
  return 'fingerprint' in certificate;
}

/** All that exist. A missing file is not among them (an external datastore has no etcd certificates here). */
export async function readCertificates(files: Files, role: Role): Promise<readonly ReadCertificate[]> {
  const read = await Promise.all(certificateFiles(role).map((file) => readCertificate(files, file)));
  return read.filter((certificate) => certificate !== undefined);
}

/** A file that holds no certificate is a finding, not an error. */
export async function readCertificate(files: Files, file: CertificateFile): Promise<ReadCertificate | undefined> {
  const text = await files.read(file.path);
  if (text === undefined) return undefined;
  const pem = file.path.endsWith('.conf') ? embedded(text, 'client-certificate-data') : text;
  try {
    return describeCertificate(file, new X509Certificate(pem));
  } catch {
    return { file, problem: 'holds no certificate that can be read' };
  }
}

/** Fingerprints of those of the named certificates that can be read, by name. */
export async function fingerprintsOf(
  files: Files,
  role: Role,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const readable = (await readCertificates(files, role)).filter(isReadable);
  const chosen = readable.filter(({ file }) => names.includes(file.name));
  return Object.fromEntries(chosen.map(({ file, fingerprint }) => [file.name, fingerprint]));
}

/** PEM of a certificate and of the key that lies with it; empty where there is none. */
export async function readPair(
  files: Files,
  { path }: CertificateFile,
): Promise<{ readonly certificate: string; readonly key: string }> {
  const text = (await files.read(path)) ?? '';
  if (path.endsWith('.conf'))
    return { certificate: embedded(text, 'client-certificate-data'), key: embedded(text, 'client-key-data') };
  return { certificate: text, key: (await files.read(path.replace(/\.crt$/, '.key'))) ?? '' };
}

/** Whether the certificate's own key lies beside it. k8sd writes the two files of a pair one after the other. */
export async function readKeyMatch(files: Files, file: CertificateFile): Promise<boolean> {
  const { certificate, key } = await readPair(files, file);
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

/** Fingerprint of a certificate as a TLS server sent it. */
export function fingerprintOf(der: Uint8Array): string {
  return new X509Certificate(der).fingerprint256;
}

/** The kubeconfigs are k8sd's own: everything embedded, one user. */
function embedded(kubeconfig: string, field: string): string {
  const data = new RegExp(`^\\s*${field}:\\s*"?([A-Za-z0-9+/=]+)"?\\s*$`, 'm').exec(kubeconfig)?.[1] ?? '';
  return Buffer.from(data, 'base64').toString('utf8');
}

function describeCertificate(file: CertificateFile, certificate: X509Certificate): Certificate {
  return {
    file,
    subject: certificate.subject.replaceAll('\n', ', '),
    issuer: /^CN=(.*)$/m.exec(certificate.issuer)?.[1] ?? certificate.issuer.replaceAll('\n', ', '),
    serial: certificate.serialNumber,
    sans: parseSubjectAltName(certificate.subjectAltName),
    notBefore: new Date(certificate.validFrom),
    notAfter: new Date(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}
