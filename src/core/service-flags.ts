/**
 * How each service of the snap takes its flags: which need no value, and what becomes of one that is given several times. From `--help` of
 * Kubernetes 1.36 (pflag's names of types: `strings`, `mapStringBool`, …), with hidden flags as the programs themselves take them.
 */

export type FlagProgram =
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'kubelet'
  | 'etcd';

/**
 * - `boolean`: stands alone, or has its value behind `=`; the next word is never its value.
 * - `list`: values with commas; given again, they are added.
 * - `map`: `name=value` with commas; given again, they are added, and the last of a name counts.
 * - `array`: each time one more value, commas and all.
 * - `scalar`: the last one counts.
 */
export type FlagKind = 'boolean' | 'list' | 'map' | 'array' | 'scalar';

type Table = Readonly<Partial<Record<FlagKind, string>>>;

/** Of everything that serves HTTPS with Kubernetes' libraries. */
const SERVING: Table = {
  boolean: `contention-profiling disable-http2-serving log-json-split-stream log-text-split-stream permit-address-sharing permit-port-sharing
    profiling`,
  list: `disabled-metrics emulated-version min-compatibility-version requestheader-allowed-names requestheader-extra-headers-prefix
    requestheader-group-headers requestheader-uid-headers requestheader-username-headers tls-cipher-suites tls-curve-preferences`,
  map: 'allow-metric-labels feature-gates',
  array: 'tls-sni-cert-key',
};

const DELEGATING: Table = {
  boolean: 'authentication-skip-lookup authentication-tolerate-lookup-failure leader-elect',
  list: 'authorization-always-allow-paths',
};

const TABLES: Readonly<Record<FlagProgram, readonly Table[]>> = {
  'kube-apiserver': [
    SERVING,
    {
      boolean: `aggregator-reject-forwarding-redirect allow-privileged anonymous-auth audit-log-batch-throttle-enable audit-log-compress
        audit-log-truncate-enabled audit-webhook-batch-throttle-enable audit-webhook-truncate-enabled emulation-forward-compatible
        enable-aggregator-routing enable-bootstrap-token-auth enable-garbage-collector enable-logs-handler enable-priority-and-fairness
        encryption-provider-config-automatic-reload runtime-config-emulation-forward-compatible service-account-extend-token-expiration
        service-account-lookup shutdown-send-retry-after watch-cache`,
      list: `admission-control api-audiences authorization-mode cors-allowed-origins disable-admission-plugins enable-admission-plugins
        etcd-servers etcd-servers-overrides kubelet-preferred-address-types oidc-signing-algs strict-transport-security-directives
        watch-cache-sizes`,
      map: 'oidc-required-claim runtime-config',
      array: 'service-account-issuer service-account-key-file',
    },
  ],
  'kube-controller-manager': [
    SERVING,
    DELEGATING,
    {
      boolean: `allocate-node-cidrs allow-untagged-cloud configure-cloud-routes disable-attach-detach-reconcile-sync
        disable-force-detach-on-timeout enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner
        enable-leader-migration use-service-account-credentials`,
      list: 'controllers',
    },
  ],
  'kube-scheduler': [SERVING, DELEGATING],
  'kube-proxy': [
    {
      boolean: `bind-address-hard-fail cleanup conntrack-tcp-be-liberal init-only iptables-localhost-nodeports ipvs-strict-arp
        log-json-split-stream log-text-split-stream masquerade-all profiling`,
      list: 'ipvs-exclude-cidrs nodeport-addresses',
      map: 'feature-gates',
    },
  ],
  kubelet: [
    {
      boolean: `anonymous-auth authentication-token-webhook cgroups-per-qos contention-profiling cpu-cfs-quota
        enable-controller-attach-detach enable-debugging-handlers enable-load-reader enable-server exit-on-lock-contention
        experimental-allocatable-ignore-eviction fail-cgroupv1 fail-swap-on kernel-memcg-notification local-storage-capacity-isolation
        log-cadvisor-usage log-json-split-stream log-text-split-stream make-iptables-util-chains protect-kernel-defaults register-node
        rotate-certificates rotate-server-certificates runonce seccomp-default serialize-image-pulls storage-driver-secure`,
      list: 'allowed-unsafe-sysctls cluster-dns enforce-node-allocatable tls-cipher-suites',
      map: `cpu-manager-policy-options eviction-hard eviction-minimum-reclaim eviction-soft eviction-soft-grace-period feature-gates
        kube-reserved manifest-url-header node-labels qos-reserved reserved-memory system-reserved topology-manager-policy-options`,
    },
  ],
  // Go's own flag package: one dash is as good as two, an underscore is no dash, and whatever is given again replaces what was there.
  etcd: [
    {
      boolean: `auto-tls client-cert-auth enable-grpc-gateway enable-log-rotation enable-pprof force-new-cluster peer-auto-tls
        peer-client-cert-auth peer-skip-client-san-verification pre-vote socket-reuse-address socket-reuse-port strict-reconfig-check
        unsafe-no-fsync`,
    },
  ],
};

const KINDS: ReadonlyMap<string, ReadonlyMap<string, FlagKind>> = new Map(
  Object.entries(TABLES).map(([program, tables]) => [program, new Map(tables.flatMap(entries))]),
);

function entries(table: Table): readonly (readonly [string, FlagKind])[] {
  return Object.entries(table).flatMap(([kind, names]) =>
    names.split(/\s+/).map((name) => [`--${name}`, kind as FlagKind] as const),
  );
}

/** @param flag with two dashes. @returns undefined where the table does not have it: a scalar, as most are, or a flag that it does not know. */
export function flagKind(program: FlagProgram, flag: string): FlagKind | undefined {
  return KINDS.get(program)?.get(flag);
}

/**
 * One name for each flag, whichever way it is written: Kubernetes takes underscores for dashes (component-base, WordSepNormalizeFunc) and
 * `-v` for `--v`; etcd takes one dash for two.
 */
export function flagName(program: FlagProgram, written: string): string {
  if (program === 'etcd') return written.replace(/^--?/, '--');
  if (!written.startsWith('--')) return written.startsWith('-v') ? '--v' : written;
  return written.replaceAll('_', '-');
}
