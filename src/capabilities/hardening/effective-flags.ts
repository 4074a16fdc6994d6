/**
 * What a service goes by: its flags, and what the files say that some of them name instead of other flags. kubelet's own flags go before its
 * files, `--config-dir` before `--config`; of the API server's structured configurations, what they say goes for the flags that they replace.
 */

import type { HardenedService } from './control.ts';
import { at, isObject, list, text } from './foreign.ts';
import { DEFAULTS_WITH_FILE } from './kubelet-configuration.ts';
import type { FlagValues, NodeFacts } from './node-facts.ts';

/** Flags that name files which say what other flags say. */
export const CONFIGURATION_FLAGS: Readonly<Partial<Record<HardenedService, readonly string[]>>> = {
  'kube-apiserver': ['--authorization-config', '--authentication-config'],
  kubelet: ['--config', '--config-dir'],
};

export interface EffectiveFlags {
  readonly values: FlagValues;
  /** Paths of the files that values come from, by flag. */
  readonly origins: Readonly<Record<string, string>>;
}

export function effectiveFlags(
  service: HardenedService,
  flags: FlagValues,
  policies: NodeFacts['policies'],
): EffectiveFlags {
  const content = (path: string | undefined) => {
    const policy = policies[path ?? ''];
    return policy !== undefined && 'value' in policy ? policy.value : undefined;
  };
  if (service === 'kubelet') return ofKubelet(flags, content);
  if (service === 'kube-apiserver') return ofApiServer(flags, content);
  return { values: flags, origins: {} };
}

type Content = (path: string | undefined) => unknown;

function ofKubelet(flags: FlagValues, content: Content): EffectiveFlags {
  const paths = [flags['--config'] ?? '', flags['--config-dir'] ?? ''].filter((path) => path !== '');
  if (paths.length === 0) return { values: flags, origins: {} };
  const values: Record<string, string> = flags['--config'] ? { ...DEFAULTS_WITH_FILE } : {};
  const origins: Record<string, string> = {};
  for (const path of paths) {
    const said = at(content(path), 'flags');
    for (const [flag, value] of Object.entries(isObject(said) ? said : {})) {
      if (typeof value !== 'string') continue;
      values[flag] = flag === '--feature-gates' ? joined(values[flag], value) : value;
      origins[flag] = path;
    }
  }
  for (const [flag, value] of Object.entries(flags)) {
    values[flag] = flag === '--feature-gates' ? joined(values[flag], value) : value;
    if (flag !== '--feature-gates') delete origins[flag];
  }
  return { values, origins };
}

/** Of feature gates each counts by itself, the later one of a name. */
function joined(before: string | undefined, after: string): string {
  const gates = [...(before ?? '').split(','), ...after.split(',')].filter((gate) => gate !== '');
  return [...new Map(gates.map((gate) => [gate.split('=')[0], gate])).values()].join(',');
}

function ofApiServer(flags: FlagValues, content: Content): EffectiveFlags {
  const values: Record<string, string> = { ...flags };
  const origins: Record<string, string> = {};
  const authorization = flags['--authorization-config'];
  if (authorization !== undefined && authorization !== '') {
    const types = list(at(content(authorization), 'authorizers')).flatMap((one) => text(at(one, 'type')) ?? []);
    if (types.length === 0) delete values['--authorization-mode'];
    else values['--authorization-mode'] = types.join(',');
    origins['--authorization-mode'] = authorization;
  }
  const authentication = flags['--authentication-config'];
  const anonymous = at(content(authentication), 'anonymous', 'enabled');
  if (authentication !== undefined && typeof anonymous === 'boolean') {
    values['--anonymous-auth'] = `${anonymous}`;
    origins['--anonymous-auth'] = authentication;
  }
  return { values, origins };
}
