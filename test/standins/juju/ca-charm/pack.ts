/** Packs charms that are TypeScript for the local model: bundled, and run by the Node that runs the tests. */

import { fileURLToPath } from 'node:url';
import { bundleProgram } from '../../../../scripts/pack/bundle.ts';
import { packTinyCharm, type TinyCharm } from '../tiny-charm.ts';

/** Writes the archive of the CA charm into the folder and gives its path. `name`: of the charm, by default `ca`. */
export function packCaCharm(directory: string, name = 'ca'): Promise<string> {
  return packProgramCharm(directory, new URL('main.ts', import.meta.url), {
    name,
    metadata: { provides: { certificates: { interface: 'tls-certificates' } } },
    config: {
      mode: {
        type: 'string',
        default: 'self-signed',
        description:
          'self-signed; vault: without organization, IP addresses, CAs and names of nodes; manual: on action',
      },
      'certificate-validity': { type: 'string', default: '90d', description: 'of what it issues: 90d, 12h, 60s' },
      'root-ca-validity': {
        type: 'string',
        default: '365d',
        description:
          'of its own CA; it makes another one, with another key and name, when only certificate-validity of it is left',
      },
      age: {
        type: 'string',
        default: '0s',
        description:
          'how long ago what it issues began: 1h; as of an authority that hands out again what it issued then',
      },
      'ca-common-name': { type: 'string', default: 'ca.example', description: 'another one is another authority' },
      'announce-capabilities': { type: 'boolean', default: false, description: 'tell what is supported' },
    },
    actions: {
      revoke: { description: 'Revokes all certificates; they are issued anew with the next event.' },
      'rotate-ca': {
        description: 'Makes another CA for what is issued from now on, as when the time of the first one has come.',
      },
      'rotate-private-key': {
        description: 'Makes another CA and revokes all certificates, which it then issues anew.',
      },
      'provide-certificate': { description: 'Answers all outstanding requests.' },
    },
  });
}

/** @param entry a module that dispatches when it is loaded. */
export async function packProgramCharm(directory: string, entry: URL, charm: TinyCharm): Promise<string> {
  const { files } = await bundleProgram(fileURLToPath(entry));
  return packTinyCharm(
    directory,
    {
      ...charm,
      // Compiled code is kept from dispatch to dispatch, beside the charm: each would take twice as long.
      dispatch: `export NODE_COMPILE_CACHE="$JUJU_CHARM_DIR/../compiled"\nexec ${process.execPath} "$(dirname "$0")/main.cjs"`,
      files: Object.fromEntries(files.map(({ name, code }) => [name, code])),
    },
    `${charm.name}.charm`,
  );
}
