/** Files of kubelet's configuration (`--config`, `--config-dir`), as the flags that would say the same (KubeletConfiguration v1beta1). */

import { at, isObject, list } from './foreign.ts';
import type { FlagValues } from './node-facts.ts';

/** Of fields that controls ask for by their flags: the flag, and where the field is. */
const FIELDS: readonly (readonly [string, ...string[]])[] = [
  ['--anonymous-auth', 'authentication', 'anonymous', 'enabled'],
  ['--authentication-token-webhook', 'authentication', 'webhook', 'enabled'],
  ['--authorization-mode', 'authorization', 'mode'],
  ['--client-ca-file', 'authentication', 'x509', 'clientCAFile'],
  ['--event-qps', 'eventRecordQPS'],
  ['--feature-gates', 'featureGates'],
  ['--make-iptables-util-chains', 'makeIPTablesUtilChains'],
  ['--pod-manifest-path', 'staticPodPath'],
  ['--pod-max-pids', 'podPidsLimit'],
  ['--protect-kernel-defaults', 'protectKernelDefaults'],
  ['--read-only-port', 'readOnlyPort'],
  ['--rotate-certificates', 'rotateCertificates'],
  ['--rotate-server-certificates', 'serverTLSBootstrap'],
  ['--seccomp-default', 'seccompDefault'],
  ['--streaming-connection-idle-timeout', 'streamingConnectionIdleTimeout'],
  ['--tls-cert-file', 'tlsCertFile'],
  ['--tls-cipher-suites', 'tlsCipherSuites'],
  ['--tls-min-version', 'tlsMinVersion'],
  ['--tls-private-key-file', 'tlsPrivateKeyFile'],
];

/** What a kubelet that has a file goes by where the file says nothing; without any file its flags have laxer defaults. */
export const DEFAULTS_WITH_FILE: FlagValues = {
  '--anonymous-auth': 'false',
  '--authentication-token-webhook': 'true',
  '--authorization-mode': 'Webhook',
  '--read-only-port': '0',
};

export function kubeletFlags(configuration: unknown): FlagValues {
  return Object.fromEntries(
    FIELDS.flatMap(([flag, ...keys]) => {
      const value = flagValue(at(configuration, ...keys));
      return value === undefined ? [] : [[flag, value] as const];
    }),
  );
}

/** An empty text is none, as in kubelet. */
function flagValue(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value}`;
  if (Array.isArray(value))
    return list(value)
      .filter((one) => typeof one === 'string')
      .join(',');
  if (!isObject(value)) return undefined;
  return Object.entries(value)
    .flatMap(([name, one]) => (typeof one === 'boolean' ? [`${name}=${one}`] : []))
    .join(',');
}
