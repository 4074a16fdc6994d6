/** What actions on certificates check before they touch anything. */

import type { ActionUnit, ActionView } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { viewAtWork } from '../../../core/member-view.ts';
import { type Parameters, textParameter } from '../../../core/parameters.ts';
import type { Role } from '../../../core/role.ts';
import { parseValidity, refuseBeyondAuthority } from '../../../core/validity.ts';
import type { CertificateFacts, NodeIdentity } from '../facts.ts';
import type { CertificateOptions } from '../options.ts';
import { isReadable, readCertificates } from '../read.ts';
import { parseSanParameter } from '../sans.ts';

export type CertificatesUnit = ActionUnit<CertificateFacts, CertificateOptions>;

export interface Member extends ActionView<CertificateFacts, CertificateOptions> {
  readonly identity: NodeIdentity;
}

/** @throws Error with the text for the operator, when the unit is in no cluster, or not at work. */
export async function certifiedMember(unit: CertificatesUnit): Promise<Member> {
  const view = await viewAtWork(unit);
  if (view.facts === undefined) throw new Error('this unit is in no cluster; there are no certificates to refresh');
  return { ...view, identity: view.facts.node };
}

/** Parameters of a refresh, whatever it is of. */
export function readCommon(parameters: Parameters): {
  expiresIn: number | undefined;
  extraSans: readonly string[];
} {
  const expiresIn = textParameter(parameters, 'expires-in', '');
  return {
    expiresIn: expiresIn === '' ? undefined : parseValidity('expires-in', expiresIn),
    extraSans: parseSanParameter('extra-sans', textParameter(parameters, 'extra-sans', '')),
  };
}

/** @param names of certificates. @throws Error with the text for the operator. */
export async function refuseBeyondAuthorities(
  clients: Clients,
  role: Role,
  names: readonly string[],
  expirationSeconds: number,
): Promise<void> {
  const certificates = (await readCertificates(clients.host.files, role)).filter(isReadable);
  const authorities = new Set(
    certificates.flatMap(({ file }) => (names.includes(file.name) && file.authority ? [file.authority] : [])),
  );
  for (const authority of certificates.filter(({ file }) => authorities.has(file.name)))
    refuseBeyondAuthority(
      'expires-in',
      expirationSeconds,
      { name: authority.file.name, notAfter: authority.notAfter },
      clients.host.now(),
    );
}
