/** The environment of a hook or action: exactly what the unit agent of that Juju line sets, and nothing of our own. */

import { join } from 'node:path';
import { type Controller, isJuju4, unitTag } from './controller.ts';
import { type Hook, hookName, isRelationHook, isSecretHook } from './hook.ts';
import { relationId } from './relations.ts';
import type { TaskState, UnitState } from './state.ts';
import { JUJU_EXEC } from './task-queue.ts';

export type Environment = Readonly<Record<string, string>>;

const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export function agentDirectory(controller: Controller, unit: UnitState): string {
  return join(controller.directory, 'agents', unitTag(unit.name));
}

export function charmDirectory(controller: Controller, unit: UnitState): string {
  return join(agentDirectory(controller, unit), 'charm');
}

export function toolsDirectory(controller: Controller): string {
  return join(controller.directory, 'tools');
}

export function hookEnvironment(
  controller: Controller,
  unit: UnitState,
  contextId: string,
  machineEnvironment: Environment,
  what: { readonly hook?: Hook; readonly task?: TaskState },
): Environment {
  const { state } = controller;
  const charm = charmDirectory(controller, unit);
  return {
    CHARM_DIR: charm,
    JUJU_CHARM_DIR: charm,
    JUJU_CONTEXT_ID: contextId,
    JUJU_HOOK_NAME: what.hook ? hookName(what.hook) : '',
    JUJU_AGENT_SOCKET_ADDRESS: join(agentDirectory(controller, unit), 'agent.socket'),
    JUJU_AGENT_SOCKET_NETWORK: 'unix',
    JUJU_UNIT_NAME: unit.name,
    JUJU_MODEL_NAME: state.modelName,
    JUJU_MODEL_UUID: state.modelUuid,
    JUJU_API_ADDRESSES: '127.0.0.1:17070',
    JUJU_MACHINE_ID: unit.machine,
    JUJU_PRINCIPAL_UNIT: '',
    JUJU_AVAILABILITY_ZONE: '',
    JUJU_VERSION: state.jujuVersion,
    CLOUD_API_VERSION: '',
    JUJU_CHARM_HTTP_PROXY: '',
    JUJU_CHARM_HTTPS_PROXY: '',
    JUJU_CHARM_FTP_PROXY: '',
    JUJU_CHARM_NO_PROXY: '127.0.0.1,localhost,::1',
    APT_LISTCHANGES_FRONTEND: 'none',
    DEBIAN_FRONTEND: 'noninteractive',
    LANG: 'C.UTF-8',
    TERM: 'tmux-256color',
    ...lineVariables(isJuju4(state)),
    ...(what.hook ? hookVariables(controller, unit, what.hook) : {}),
    ...(what.task ? actionVariables(what.task, isJuju4(state)) : {}),
    ...machineEnvironment,
    PATH: `${toolsDirectory(controller)}:${machineEnvironment['PATH'] ?? SYSTEM_PATH}`,
  };
}

function lineVariables(juju4: boolean): Environment {
  if (!juju4) return { JUJU_SLA: 'unsupported' };
  return {
    JUJU_CHARM_TRACE_CONFIG_HTTP: '',
    JUJU_CHARM_TRACE_CONFIG_GRPC: '',
    JUJU_CHARM_TRACE_CONFIG_CA_CERT: '',
  };
}

function hookVariables({ state }: Controller, unit: UnitState, hook: Hook): Environment {
  const always = { JUJU_DISPATCH_PATH: `hooks/${hookName(hook)}` };
  if (isRelationHook(hook)) {
    const relation = state.relations[hook.relation];
    return {
      ...always,
      JUJU_RELATION: hook.endpoint,
      JUJU_RELATION_ID: relation ? relationId(relation, unit.application) : `${hook.endpoint}:${hook.relation}`,
      JUJU_REMOTE_UNIT: hook.remoteUnit ?? '',
      JUJU_REMOTE_APP: hook.remoteApplication,
      ...(hook.departingUnit === undefined ? {} : { JUJU_DEPARTING_UNIT: hook.departingUnit }),
    };
  }
  if (!isSecretHook(hook)) return always;
  const withRevision = hook.kind === 'secret-remove' || hook.kind === 'secret-expired';
  return {
    ...always,
    JUJU_SECRET_ID: `secret:${hook.secret}`,
    JUJU_SECRET_LABEL: hook.label,
    ...(withRevision ? { JUJU_SECRET_REVISION: String(hook.revision) } : {}),
  };
}

/** Commands of `juju exec` have no dispatch path; that they are an action is told only by 4.0. */
function actionVariables(task: TaskState, juju4: boolean): Environment {
  const action = {
    JUJU_ACTION_NAME: task.action,
    JUJU_ACTION_UUID: String(task.id),
    JUJU_ACTION_TAG: `action-${task.id}`,
  };
  if (task.action === JUJU_EXEC) return juju4 ? action : {};
  return { JUJU_DISPATCH_PATH: `actions/${task.action}`, ...action };
}
