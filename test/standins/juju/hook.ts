/** One event as the unit agent hands it to a charm, before it becomes environment variables. */

export type LifeHookKind =
  | 'install'
  | 'start'
  | 'stop'
  | 'remove'
  | 'config-changed'
  | 'upgrade-charm'
  | 'update-status'
  | 'leader-elected'
  | 'leader-settings-changed';

export type RelationHookKind =
  | 'relation-created'
  | 'relation-joined'
  | 'relation-changed'
  | 'relation-departed'
  | 'relation-broken';

export type SecretHookKind = 'secret-changed' | 'secret-rotate' | 'secret-expired' | 'secret-remove';

export interface LifeHook {
  kind: LifeHookKind;
}

export interface RelationHook {
  kind: RelationHookKind;
  relation: number;
  endpoint: string;
  remoteApplication: string;
  remoteUnit?: string;
  departingUnit?: string;
  /** Version of the databag that the hook is about; remembered when the hook has ended well. */
  version?: number;
}

export interface SecretHook {
  kind: SecretHookKind;
  /** Bare id. */
  secret: string;
  label: string;
  revision: number;
}

export type Hook = LifeHook | RelationHook | SecretHook;

export function isRelationHook(hook: Hook): hook is RelationHook {
  return 'relation' in hook;
}

export function isSecretHook(hook: Hook): hook is SecretHook {
  return 'secret' in hook;
}

/** Juju's name of the hook: `config-changed`, `db-relation-changed`. */
export function hookName(hook: Hook): string {
  return isRelationHook(hook) ? `${hook.endpoint}-${hook.kind}` : hook.kind;
}

/** What the agent status says while it runs. */
export function runningMessage(hook: Hook): string {
  const name = hookName(hook);
  if (isRelationHook(hook) && hook.remoteUnit) return `running ${name} hook for ${hook.remoteUnit}`;
  if (isSecretHook(hook)) {
    const revision = hook.kind === 'secret-expired' || hook.kind === 'secret-remove' ? `/${hook.revision}` : '';
    return `running ${name} hook for secret:${hook.secret}${revision}`;
  }
  return `running ${name} hook`;
}
