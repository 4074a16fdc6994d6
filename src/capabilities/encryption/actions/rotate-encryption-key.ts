/** The action `rotate-encryption-key`: makes the next key; the rest goes its way in the dispatches that follow. */

import type { Action } from '../../../core/capability.ts';
import { memberView, refuseUnlessLeader } from '../../../core/member-view.ts';
import { refuseUnknown } from '../../../core/parameters.ts';
import { applyEncryption } from '../apply.ts';
import { rotated } from '../decide.ts';
import type { EncryptionFacts } from '../facts.ts';
import type { EncryptionOptions } from '../options.ts';

export const rotateEncryptionKey: Action<EncryptionFacts, EncryptionOptions> = {
  async run(clients, unit) {
    const { juju } = clients;
    refuseUnknown(await juju.actions.parameters(), []);
    const { node, facts } = await memberView(unit);
    refuseUnlessLeader(node.leader, juju.identity.application, 'rotate-encryption-key');
    if (facts === undefined) throw new Error('this unit is in no cluster');
    const { from, next } = rotated(facts);
    await applyEncryption(clients, facts, { kind: 'begin', from, next });
    await juju.actions.setResults({
      status: 'begun',
      key: next.key,
      provider: next.provider,
      next: "the control planes take the new key, and every Secret is written anew; the leader's status tells how far it is",
    });
  },
};
