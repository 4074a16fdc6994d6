/** Who we are, from the environment of the dispatch. */

import type { Identity } from './juju.ts';
import { variable } from './parse-event.ts';

/** Throws when a variable is missing that Juju sets in every dispatch: then this is not one. */
export function parseIdentity(env: NodeJS.ProcessEnv): Identity {
  const unit = required(env, 'JUJU_UNIT_NAME');
  return {
    unit,
    application: applicationOf(unit),
    modelName: required(env, 'JUJU_MODEL_NAME'),
    modelUuid: required(env, 'JUJU_MODEL_UUID'),
    machineId: variable(env, 'JUJU_MACHINE_ID') ?? '',
    jujuVersion: required(env, 'JUJU_VERSION'),
    charmDirectory: variable(env, 'JUJU_CHARM_DIR') ?? required(env, 'CHARM_DIR'),
  };
}

/** `k8s` of `k8s/0`. */
export function applicationOf(unit: string): string {
  return unit.slice(0, unit.lastIndexOf('/'));
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = variable(env, name);
  if (value === undefined) throw new Error(`${name} is not set: this is not a dispatch by a Juju unit agent`);
  return value;
}
