/** One dispatch: an event in, an exit code out. */

import type { ActionEvent } from '../clients/juju/event.ts';
import type { Juju } from '../clients/juju/juju.ts';
import { parseEvent } from '../clients/juju/parse-event.ts';
import type { Charm } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import type { Role } from '../core/role.ts';
import { messageOf } from '../core/thrown.ts';
import { openClients, type Surroundings } from './clients.ts';
import { runHook } from './hook.ts';
import { readRole } from './role.ts';

/**
 * A hook that meets a bug exits 1, so that Juju shows the error and tries again. An action never does: Juju would replace its
 * message by the exit status. An event that we have no use for is none of our business.
 */
export async function dispatch(surroundings: Surroundings, charmOf: (role: Role) => Charm): Promise<number> {
  const event = parseEvent(surroundings.environment);
  if (event.kind === 'unknown') return 0;
  const role = await readRole(surroundings.environment['JUJU_CHARM_DIR'] ?? '.');
  const clients = openClients(surroundings, role);
  const charm = charmOf(role);
  return event.kind === 'action' ? runActionSafely(clients, role, charm, event) : runHookSafely(clients, role, charm);
}

async function runHookSafely(clients: Clients, role: Role, charm: Charm): Promise<number> {
  const { juju } = clients;
  try {
    await runHook(clients, role, charm);
    await juju.flush();
    return 0;
  } catch (error) {
    await report(juju, error);
    return 1;
  }
}

async function runActionSafely(clients: Clients, role: Role, charm: Charm, event: ActionEvent): Promise<number> {
  const { juju } = clients;
  try {
    const { runAction } = await import('./run-action.ts');
    const sends = await runAction(clients, role, charm, event);
    await (sends ? juju.flush() : juju.flushLog());
  } catch (error) {
    // Where one of them cannot be told any more, the other still is, and the exit code hides neither.
    await Promise.allSettled([
      juju.actions.fail(messageOf(error)),
      isRefusal(error) ? refused(juju, event, error) : report(juju, error),
    ]);
  }
  return 0;
}

/** What is said to an operator is a plain `Error`: only what nobody has thought of is a fault of the program, worth its stack. */
function isRefusal(error: unknown): error is Error {
  return error instanceof Error && error.name === 'Error';
}

async function refused(juju: Juju, { name }: ActionEvent, error: Error): Promise<void> {
  juju.log.debug(error.stack ?? error.message);
  juju.log.info(`${name} was refused: ${error.message}`);
  await juju.flushLog();
}

async function report(juju: Juju, error: unknown): Promise<void> {
  juju.log.error(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
  await juju.flushLog();
}
