/** The action `add-encryption-keys`: gives back keys of a backup, so that the Secrets of a restored datastore can be read. */

import type { Juju, SecretContent } from '../../../clients/juju/juju.ts';
import type { Action } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { memberView, refuseUnlessLeader } from '../../../core/member-view.ts';
import { refuseUnknown, textParameter } from '../../../core/parameters.ts';
import { applyEncryption } from '../apply.ts';
import type { EncryptionFacts } from '../facts.ts';
import { withImported } from '../imported.ts';
import type { EncryptionOptions } from '../options.ts';

const SECRET = /^(?:secret:(?:\/\/[0-9a-zA-Z-]+\/)?)?[0-9a-zA-Z]{1,64}$/;

export const addEncryptionKeys: Action<EncryptionFacts, EncryptionOptions> = {
  async run(clients, unit) {
    const { juju } = clients;
    const parameters = await juju.actions.parameters();
    refuseUnknown(parameters, ['secret']);
    const uri = textParameter(parameters, 'secret', '');
    if (!SECRET.test(uri))
      throw new Error('secret must be the id of a Juju secret, such as secret:d3l0qq7mp25c762bmlq0');
    const { node, facts } = await memberView(unit);
    refuseUnlessLeader(node.leader, juju.identity.application, 'add-encryption-keys');
    const added = await importKeys(clients, facts, await read(juju, uri));
    await juju.actions.setResults({
      status: added.length === 0 ? 'nothing to add: the cluster has these keys' : 'added',
      keys: added.map((number) => `key-${number}`).join(', '),
      next: 'Secrets under these keys are read again and rewritten when kube-apiserver is not ready because of them; see the status of the leader',
    });
  },
};

/** Stores keys of a backup beside those of the cluster. @returns the numbers of those that are new. @throws Error with the text for the operator. */
async function importKeys(
  clients: Clients,
  facts: EncryptionFacts | undefined,
  content: SecretContent,
): Promise<readonly number[]> {
  if (facts === undefined) throw new Error('this unit is in no cluster');
  const { rollout, store } = facts;
  if (rollout === undefined || rollout === 'unreadable' || store.state !== 'read')
    throw new Error(
      'the charm has no keys of this cluster to add to: set encryption-at-rest, and wait until it is in use',
    );
  const { keys, added } = withImported(store.keys, content);
  if (added.length > 0) await applyEncryption(clients, facts, { kind: 'import-keys', rollout, keys });
  return added;
}

async function read(juju: Juju, uri: string): Promise<SecretContent> {
  const content = await juju.secrets.get({ uri }, 'refresh');
  if (content === undefined)
    throw new Error(`the secret cannot be read: juju grant-secret ${uri} ${juju.identity.application}`);
  return content;
}
