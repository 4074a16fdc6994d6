/** Certificates and their keys in the fields in which k8sd takes them. */

import type { CertificateAndKey } from '../relation/collect.ts';

/** PEM by k8sd's field names. */
export type Pems = Readonly<Record<string, string>>;

/** @param pairs by k8sd's name of the certificate; undefined ones are left out. */
export function fieldsOf(pairs: Readonly<Record<string, CertificateAndKey | undefined>>): Pems {
  const fields = Object.entries(pairs).flatMap(([name, pair]) =>
    pair === undefined
      ? []
      : [
          [`${name}-crt`, `${pair.certificate.trim()}\n`],
          [`${name}-key`, pair.key],
        ],
  );
  return Object.fromEntries(fields);
}
