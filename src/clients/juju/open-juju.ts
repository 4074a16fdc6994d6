/** Opens the Juju client for one dispatch. Nothing is asked until somebody wants to know it. */

import { join } from 'node:path';
import { createActions } from './actions.ts';
import { booleanFrom } from './answer-shapes.ts';
import { readConfig } from './config.ts';
import { HookToolRefusal, NotFound } from './errors.ts';
import { readGoalUnits } from './goal-state.ts';
import { createHookTools } from './hook-tools.ts';
import { parseIdentity } from './identity.ts';
import type { Juju } from './juju.ts';
import { createLocalMemory } from './local-memory.ts';
import { createLog } from './log.ts';
import { readNetwork } from './network.ts';
import { parseEvent } from './parse-event.ts';
import { createPorts } from './ports.ts';
import { createRelations } from './relations.ts';
import { createRememberedDatabags, ownKey } from './remembered-databags.ts';
import { createSecretFiles } from './secret-files.ts';
import { createSecrets } from './secrets.ts';
import { createShownStatus } from './shown-status.ts';
import { createState } from './state.ts';
import type { Transport } from './transport.ts';

/** Lies in the charm's folder, where an upgrade of the charm leaves it alone. */
const MEMORY_FILE = '.told-to-juju.json';

export interface JujuOptions {
  /** Where secrets lie for the time of a call; by default in memory (`/run`) where we may write there. */
  readonly temporaryDirectory?: string;
}

/** Throws when the environment is not one of a dispatch. */
export function openJuju(env: NodeJS.ProcessEnv, transport: Transport, options: JujuOptions = {}): Juju {
  const event = parseEvent(env);
  const identity = parseIdentity(env);
  const tools = createHookTools(transport);
  const log = createLog(tools);
  const local = createLocalMemory(join(identity.charmDirectory, MEMORY_FILE), log.warning);
  const state = createState(tools);
  const remembered = createRememberedDatabags(event, state, local);
  const relations = createRelations(tools, identity, event, remembered);
  const shown = createShownStatus(tools, event, local);
  const ports = createPorts(tools);
  const files = createSecretFiles(options.temporaryDirectory, identity.charmDirectory);

  /** Databags, then the state that remembers them. */
  const sendWrites = async (): Promise<void> => {
    const written = relations.written();
    try {
      await relations.flush();
      await remembered.settle(relations.isGone);
      await state.flush();
    } catch (error) {
      // An action ends with exit code 0 all the same, so Juju keeps what was sent: a memory must not say otherwise.
      if (event.kind === 'action') {
        await Promise.allSettled(written.map((relation) => tools.run('state-delete', ['--', ownKey(relation)])));
      }
      throw error;
    }
  };

  return {
    event,
    identity,
    relations,
    state,
    secrets: createSecrets(tools, files),
    actions: createActions(tools, event, log),
    log,
    config: () => readConfig(tools),
    isLeader: () => tools.ask('is-leader', [], booleanFrom('is-leader')),
    network: (endpoint) => readNetwork(tools, endpoint),
    goalUnits: () => readGoalUnits(tools),

    async resource(name) {
      try {
        return (await tools.run('resource-get', [name])).trim() || undefined;
      } catch (error) {
        if (!(error instanceof HookToolRefusal)) throw error;
        // To have attached none is the normal case.
        if (!(error instanceof NotFound)) log.warning(`resource '${name}' cannot be had: ${error.message}`);
        return undefined;
      }
    },

    setStatus: shown.setUnit,
    setApplicationStatus: shown.setApplication,
    setWorkloadVersion: shown.setWorkloadVersion,
    openPort: ports.open,
    closePort: ports.close,
    openedPorts: ports.opened,

    async reboot() {
      await tools.run('juju-reboot', []);
    },

    async flush() {
      await sendWrites();
      await log.flush();
      remembered.eventHandled();
    },

    flushLog: log.flush,
  };
}
