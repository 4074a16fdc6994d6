/** Runs the action that Juju asks for, whichever capability has it. */

import type { ActionEvent } from '../clients/juju/event.ts';
import type { Action, ActionUnit, Charm } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import type { Role } from '../core/role.ts';
import { plan } from './actions/plan.ts';
import { preUpgradeCheck } from './actions/pre-upgrade-check.ts';
import { retry } from './actions/retry.ts';
import type { EngineAction } from './engine-action.ts';
import { exclusively } from './gate/exclusive.ts';
import { readOnly } from './read-only.ts';
import { takeSnapshot } from './snapshot.ts';

const OWN: Readonly<Record<string, EngineAction>> = { plan, 'pre-upgrade-check': preUpgradeCheck, retry };

/**
 * Rejects with the message for the operator when the action cannot be done.
 * @returns whether there is anything to send to Juju beyond results and log.
 */
export async function runAction(clients: Clients, role: Role, charm: Charm, { name }: ActionEvent): Promise<boolean> {
  const own = Object.hasOwn(OWN, name) ? OWN[name] : undefined;
  if (own !== undefined) {
    await own.run(own.looks ? readOnly(clients) : clients, role, charm);
    return own.looks !== true;
  }
  for (const capability of charm.capabilities) {
    const { actions = {} } = capability === 'membership' ? charm.membership : capability;
    const action = Object.hasOwn(actions, name) ? await actions[name]?.() : undefined;
    if (action === undefined || action.roles?.includes(role) === false) continue;
    return run(clients, role, charm, capability, action);
  }
  throw new Error(`this charm has no action ${name}`);
}

async function run(
  clients: Clients,
  role: Role,
  charm: Charm,
  capability: Charm['capabilities'][number],
  action: Action<unknown, unknown>,
): Promise<boolean> {
  const given = action.looks ? readOnly(clients) : clients;
  const unit: ActionUnit<unknown, unknown> = {
    role,
    async look() {
      const { node, reports, membership, observed } = await takeSnapshot(given, role, charm);
      const own = capability === 'membership' ? { facts: membership, options: undefined } : observed.get(capability);
      return { node, reports, facts: own?.facts, options: own?.options };
    },
    exclusively: (node, progress, work) => exclusively(given, node, progress, work),
  };
  await action.run(given, unit);
  return action.looks !== true;
}
