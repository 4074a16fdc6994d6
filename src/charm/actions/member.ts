/** What actions on certificates check before they touch anything. */

import {
  isReadable,
  parseSanParameter,
  parseValidity,
  readCertificates,
  refuseBeyondAuthority,
} from '../../certificates/index.ts';
import { type Parameters, textParameter } from '../../core/parameters.ts';
import type { Doors } from '../doors.ts';
import type { Role } from '../role.ts';
import { look, type View } from '../view.ts';

export type Member = View & { readonly identity: NonNullable<View['identity']> };

/** @throws Error with the text for the operator, when the unit is in no cluster, or not at work. */
export async function memberView(doors: Doors, role: Role): Promise<Member> {
  const view = await look(doors, role);
  const { identity, cluster } = view;
  if (cluster.daemon === 'starting' || cluster.daemon === 'upgrading')
    throw new Error('k8sd is not ready; try again when the unit is active');
  const problem = cluster.problems[0];
  if (problem) throw new Error(`${problem.option} ${problem.message}`);
  if (identity === undefined) throw new Error('this unit is in no cluster; there are no certificates to refresh');
  return { ...view, identity };
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
  doors: Doors,
  role: Role,
  names: readonly string[],
  expirationSeconds: number,
): Promise<void> {
  const certificates = (await readCertificates(doors.host.files, role)).filter(isReadable);
  const authorities = new Set(
    certificates.flatMap(({ file }) => (names.includes(file.name) && file.authority ? [file.authority] : [])),
  );
  for (const authority of certificates.filter(({ file }) => authorities.has(file.name)))
    refuseBeyondAuthority(
      'expires-in',
      expirationSeconds,
      { name: authority.file.name, notAfter: authority.notAfter },
      doors.host.now(),
    );
}
