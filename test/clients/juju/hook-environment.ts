/** The environment of a hook as a Juju 3.6 unit agent makes it, with the variables that it sets without a value. */

export function hookEnvironment(charmDirectory: string): NodeJS.ProcessEnv {
  return {
    CHARM_DIR: charmDirectory,
    JUJU_CHARM_DIR: charmDirectory,
    JUJU_CONTEXT_ID: 'k8s/0-update-status-0123456789abcdef0123456789abcdef',
    JUJU_HOOK_NAME: 'update-status',
    JUJU_DISPATCH_PATH: 'hooks/update-status',
    JUJU_AGENT_SOCKET_ADDRESS: '/var/lib/juju/agents/unit-k8s-0/agent.socket',
    JUJU_AGENT_SOCKET_NETWORK: 'unix',
    JUJU_UNIT_NAME: 'k8s/0',
    JUJU_MODEL_NAME: 'prod',
    JUJU_MODEL_UUID: '3f6a2c9e-0000-4000-8000-0123456789ab',
    JUJU_MACHINE_ID: '3',
    JUJU_PRINCIPAL_UNIT: '',
    JUJU_AVAILABILITY_ZONE: '',
    JUJU_API_ADDRESSES: '10.0.0.2:17070',
    JUJU_VERSION: '3.6.9',
    CLOUD_API_VERSION: '',
    JUJU_CHARM_HTTP_PROXY: '',
    JUJU_CHARM_HTTPS_PROXY: '',
    JUJU_CHARM_FTP_PROXY: '',
    JUJU_CHARM_NO_PROXY: '',
    LANG: 'C.UTF-8',
    TERM: 'tmux-256color',
  };
}

/** Variables of a relation hook about a remote unit, or about its application when there is none. */
export function relationVariables(kind: string, relation: string, remoteUnit = ''): NodeJS.ProcessEnv {
  const endpoint = relation.slice(0, relation.lastIndexOf(':'));
  return {
    JUJU_HOOK_NAME: `${endpoint}-relation-${kind}`,
    JUJU_DISPATCH_PATH: `hooks/${endpoint}-relation-${kind}`,
    JUJU_RELATION: endpoint,
    JUJU_RELATION_ID: relation,
    JUJU_REMOTE_UNIT: remoteUnit,
    JUJU_REMOTE_APP: remoteUnit === '' ? 'k8s-worker' : remoteUnit.slice(0, remoteUnit.lastIndexOf('/')),
    ...(kind === 'departed' && { JUJU_DEPARTING_UNIT: remoteUnit }),
  };
}

/** Variables of an action. */
export function actionVariables(name: string): NodeJS.ProcessEnv {
  return {
    JUJU_HOOK_NAME: '',
    JUJU_DISPATCH_PATH: `actions/${name}`,
    JUJU_ACTION_NAME: name,
    JUJU_ACTION_UUID: '2',
    JUJU_ACTION_TAG: 'action-2',
  };
}
