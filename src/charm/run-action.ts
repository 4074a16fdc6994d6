/** Which action does what. */

import type { ActionEvent } from '../juju/event.ts';
import { acceptAddresses } from './actions/accept-addresses.ts';
import { addEncryptionKeys } from './actions/add-encryption-keys.ts';
import { assessAction } from './actions/assess.ts';
import { certsStatus } from './actions/certs-status.ts';
import { getKubeconfig } from './actions/get-kubeconfig.ts';
import { plan } from './actions/plan.ts';
import { preUpgradeCheck } from './actions/pre-upgrade-check.ts';
import { refreshCertsOfControlPlane, refreshCertsOfWorker } from './actions/refresh-certs.ts';
import { retry } from './actions/retry.ts';
import { rotateEncryptionKey } from './actions/rotate-encryption-key.ts';
import type { Doors } from './doors.ts';
import { readOnly } from './read-only.ts';
import type { Role } from './role.ts';

type Action = (doors: Doors, role: Role) => Promise<void>;

/** Actions that change nothing, not even what the unit remembers. */
const READ_ONLY: ReadonlySet<Action> = new Set([plan, preUpgradeCheck]);

const ACTIONS: Readonly<Record<Role, Readonly<Record<string, Action>>>> = {
  'control-plane': {
    'accept-addresses': acceptAddresses,
    'add-encryption-keys': addEncryptionKeys,
    assess: assessAction,
    'refresh-certs': refreshCertsOfControlPlane,
    'certs-status': certsStatus,
    'get-kubeconfig': getKubeconfig,
    'pre-upgrade-check': preUpgradeCheck,
    'rotate-encryption-key': rotateEncryptionKey,
    retry,
    plan,
  },
  worker: {
    assess: assessAction,
    'refresh-certs': refreshCertsOfWorker,
    'certs-status': certsStatus,
    'pre-upgrade-check': preUpgradeCheck,
    retry,
    plan,
  },
};

/**
 * Rejects with the message for the operator when the action cannot be done.
 * @returns whether there is anything to send to Juju beyond results and log.
 */
export async function runAction(doors: Doors, role: Role, { name }: ActionEvent): Promise<boolean> {
  const action = ACTIONS[role][name];
  if (action === undefined) throw new Error(`this charm has no action ${name}`);
  const looks = READ_ONLY.has(action);
  await action(looks ? readOnly(doors) : doors, role);
  return !looks;
}
