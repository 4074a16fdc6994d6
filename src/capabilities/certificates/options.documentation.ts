/** What operators read of the options of certificates, in `config.yaml`, the README and `juju config`. */

import type { DocumentationOf } from '../../core/option-documentation.ts';
import type { CERTIFICATE_OPTIONS } from './options.ts';

export const CERTIFICATE_DOCUMENTATION: DocumentationOf<typeof CERTIFICATE_OPTIONS> = {
  'bootstrap-ca-minimum-validity': `
    How long the CAs must still be valid when a cluster is made with CAs from elsewhere
    (bootstrap-certificates intermediate-ca, external or provided), since a cluster cannot change its CAs: a
    number and y (365 days), mo (30 days) or d. CAs that end sooner are refused. Empty: any. Read at
    bootstrap.`,
  'certificate-validity': {
    'control-plane': `
      Lifetime of new certificates of the control-plane nodes, unless refresh-certs sets another one
      (expires-in): a number and y (365 days), mo (30 days), d, h or m. At most 10y.`,
    worker: `
      Lifetime of new certificates of the workers, unless refresh-certs sets another one (expires-in): a
      number and y (365 days), mo (30 days), d, h or m. At most 10y.`,
  },
  'certificate-renew-before': `
    Remaining life below which a certificate is renewed by itself: a number and y, mo, d, h or m, at most half
    of certificate-validity. Shorter lives are renewed when a third of them is left. What cannot be renewed is
    reported in the status. Empty: nothing is renewed by itself, and the status warns 30 days before.`,
};
