/** The action `add-encryption-keys`: gives back keys of a backup, so that the Secrets of a restored datastore can be read. */

import { refuseUnknown, textParameter } from '../../core/parameters.ts';
import type { Juju, SecretContent } from '../../juju/juju.ts';
import type { Doors } from '../doors.ts';
import { importKeys } from '../encryption.ts';
import type { Role } from '../role.ts';
import { memberView } from './member.ts';

const SECRET = /^(?:secret:(?:\/\/[0-9a-zA-Z-]+\/)?)?[0-9a-zA-Z]{1,64}$/;

export async function addEncryptionKeys(doors: Doors, role: Role): Promise<void> {
  const { juju } = doors;
  const { application } = juju.identity;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['secret']);
  const uri = textParameter(parameters, 'secret', '');
  if (!SECRET.test(uri)) throw new Error('secret must be the id of a Juju secret, such as secret:d3l0qq7mp25c762bmlq0');
  const { cluster } = await memberView(doors, role);
  if (cluster.role !== 'control-plane' || !cluster.leader)
    throw new Error(`this is for the leader: juju run ${application}/leader add-encryption-keys`);
  const added = await importKeys(doors, cluster, await read(juju, uri));
  await juju.actions.setResults({
    status: added.length === 0 ? 'nothing to add: the cluster has these keys' : 'added',
    keys: added.map((number) => `key-${number}`).join(', '),
    next: 'Secrets under these keys are read again and rewritten when kube-apiserver is not ready because of them; see the status of the leader',
  });
}

async function read(juju: Juju, uri: string): Promise<SecretContent> {
  const content = await juju.secrets.get({ uri }, 'refresh');
  if (content === undefined)
    throw new Error(`the secret cannot be read: juju grant-secret ${uri} ${juju.identity.application}`);
  return content;
}
