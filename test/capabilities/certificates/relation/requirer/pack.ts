/** Packs the requirer charm, with the sources of `src/` as they are. */

import { packProgramCharm } from '../../../../standins/juju/ca-charm/pack.ts';

/** Writes the archive into the folder and gives its path. */
export function packRequirerCharm(directory: string): Promise<string> {
  return packProgramCharm(directory, new URL('main.ts', import.meta.url), {
    name: 'requirer',
    metadata: {
      requires: { certificates: { interface: 'tls-certificates', limit: 1 } },
      provides: { 'send-ca-cert': { interface: 'certificate_transfer' } },
    },
    config: {
      wishes: { type: 'string', default: '[]', description: 'JSON' },
      timing: { type: 'string', default: '{}', description: 'JSON' },
    },
  });
}
