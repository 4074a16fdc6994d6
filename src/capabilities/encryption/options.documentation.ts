/** What operators read of the options of encryption at rest, in `config.yaml`, the README and `juju config`. */

import type { DocumentationOf } from '../../core/option-documentation.ts';
import type { ENCRYPTION_OPTIONS } from './options.ts';

export const ENCRYPTION_DOCUMENTATION: DocumentationOf<typeof ENCRYPTION_OPTIONS> = {
  'encryption-at-rest': `
    What Secrets are encrypted with in the datastore: auto, aesgcm (AES-256-GCM), aescbc (AES-256-CBC) or
    none. auto is aesgcm, and aescbc while cis-mode or stig-mode is on; it leaves an
    encryption-provider-config of kube-apiserver-extra-args alone. A change is rolled out while the API stays
    up. The keys are in a Juju secret of the application: without them Secrets are lost.`,
  'encryption-key-rotation': `
    Age at which the key that encrypts Secrets is replaced, and every Secret written anew: a number and y, mo,
    d, h or m. Empty: never, but for the action rotate-encryption-key.`,
};
