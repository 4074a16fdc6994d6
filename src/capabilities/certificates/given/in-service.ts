/** What is in service now: the certificate in its file, and the authority that the cluster trusts for it. */

import type { Files } from '../../../clients/host/host.ts';
import type { Role } from '../../../core/role.ts';
import { fileOf } from '../names.ts';
import { isReadable, readCertificate } from '../read.ts';

export interface CertificateInService {
  /** SHA-256, upper-case hexadecimal with colons. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/** Undefined when there is none that can be read. */
export async function certificateInService(
  files: Files,
  role: Role,
  name: string,
): Promise<CertificateInService | undefined> {
  const certificate = await readCertificate(files, fileOf(role, name));
  return certificate && isReadable(certificate) ? certificate : undefined;
}

/** PEM of the cluster's server CA and those that vouch for it; empty when it is not there. */
export async function serverAuthority(files: Files): Promise<string> {
  return (await files.read(fileOf('worker', 'ca').path)) ?? '';
}
