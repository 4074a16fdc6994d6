/** Flags that the services know, as far as a charm may meet them. Another name makes a service end at once, as pflag does. */

const logging = ['--v', '--vmodule', '--logging-format', '--log-json-info-buffer-size', '--log-json-split-stream', '--log-flush-frequency', '--feature-gates', '--version', '--emulated-version'];

const serving = [
  '--bind-address', '--secure-port', '--cert-dir', '--tls-cert-file', '--tls-private-key-file', '--tls-cipher-suites',
  '--tls-min-version', '--tls-curve-preferences', '--tls-sni-cert-key', '--http2-max-streams-per-connection', '--permit-port-sharing', '--permit-address-sharing',
  '--disable-http2-serving',
];

const delegated = [
  '--authentication-kubeconfig', '--authorization-kubeconfig', '--kubeconfig', '--authentication-skip-lookup', '--authentication-tolerate-lookup-failure',
  '--authentication-token-webhook-cache-ttl', '--authorization-always-allow-paths', '--authorization-webhook-cache-authorized-ttl',
  '--authorization-webhook-cache-unauthorized-ttl', '--client-ca-file', '--requestheader-allowed-names', '--requestheader-client-ca-file',
  '--requestheader-extra-headers-prefix', '--requestheader-group-headers', '--requestheader-uid-headers', '--requestheader-username-headers',
  '--profiling', '--contention-profiling', '--kube-api-qps', '--kube-api-burst', '--kube-api-content-type', '--master', '--show-hidden-metrics-for-version',
  '--disabled-metrics', '--allow-metric-labels', '--leader-elect', '--leader-elect-lease-duration', '--leader-elect-renew-deadline',
  '--leader-elect-resource-lock', '--leader-elect-resource-name', '--leader-elect-resource-namespace', '--leader-elect-retry-period',
];

const apiServer = [
  '--admission-control-config-file', '--advertise-address', '--aggregator-reject-forwarding-redirect', '--allow-metric-labels', '--allow-privileged', '--anonymous-auth',
  '--api-audiences', '--audit-log-batch-buffer-size', '--audit-log-batch-max-size', '--audit-log-batch-max-wait', '--audit-log-compress', '--audit-log-format',
  '--audit-log-maxage', '--audit-log-maxbackup', '--audit-log-maxsize', '--audit-log-mode', '--audit-log-path', '--audit-log-truncate-enabled',
  '--audit-log-truncate-max-batch-size', '--audit-log-truncate-max-event-size', '--audit-log-version', '--audit-policy-file', '--audit-webhook-batch-buffer-size',
  '--audit-webhook-batch-max-size', '--audit-webhook-config-file', '--audit-webhook-initial-backoff', '--audit-webhook-mode', '--authentication-config',
  '--authentication-token-webhook-cache-ttl', '--authentication-token-webhook-config-file', '--authentication-token-webhook-version', '--authorization-config',
  '--authorization-mode', '--authorization-policy-file', '--authorization-webhook-cache-authorized-ttl', '--authorization-webhook-cache-unauthorized-ttl',
  '--authorization-webhook-config-file', '--authorization-webhook-version', '--client-ca-file', '--contention-profiling', '--cors-allowed-origins',
  '--debug-socket-path', '--default-not-ready-toleration-seconds', '--default-unreachable-toleration-seconds', '--default-watch-cache-size', '--delete-collection-workers',
  '--disable-admission-plugins', '--disabled-metrics', '--egress-selector-config-file', '--enable-admission-plugins', '--enable-aggregator-routing',
  '--enable-bootstrap-token-auth', '--enable-garbage-collector', '--enable-priority-and-fairness', '--encryption-provider-config',
  '--encryption-provider-config-automatic-reload', '--endpoint-reconciler-type', '--etcd-cafile', '--etcd-certfile', '--etcd-compaction-interval',
  '--etcd-count-metric-poll-period', '--etcd-db-metric-poll-interval', '--etcd-healthcheck-timeout', '--etcd-keyfile', '--etcd-prefix', '--etcd-readycheck-timeout',
  '--etcd-servers', '--etcd-servers-overrides', '--event-ttl', '--external-hostname', '--goaway-chance', '--identity-lease-duration-seconds',
  '--identity-lease-renew-interval-seconds', '--kubelet-certificate-authority', '--kubelet-client-certificate', '--kubelet-client-key', '--kubelet-port',
  '--kubelet-preferred-address-types', '--kubelet-read-only-port', '--kubelet-timeout', '--kubernetes-service-node-port', '--lease-reuse-duration-seconds', '--livez-grace-period',
  '--max-connection-bytes-per-sec', '--max-mutating-requests-inflight', '--max-requests-inflight', '--min-request-timeout', '--oidc-ca-file', '--oidc-client-id',
  '--oidc-groups-claim', '--oidc-groups-prefix', '--oidc-issuer-url', '--oidc-required-claim', '--oidc-signing-algs', '--oidc-username-claim', '--oidc-username-prefix',
  '--peer-advertise-ip', '--peer-advertise-port', '--peer-ca-file', '--profiling', '--proxy-client-cert-file', '--proxy-client-key-file', '--request-timeout',
  '--requestheader-allowed-names', '--requestheader-client-ca-file', '--requestheader-extra-headers-prefix', '--requestheader-group-headers',
  '--requestheader-uid-headers', '--requestheader-username-headers', '--runtime-config', '--service-account-extend-token-expiration', '--service-account-issuer',
  '--service-account-jwks-uri', '--service-account-key-file', '--service-account-lookup', '--service-account-max-token-expiration',
  '--service-account-signing-endpoint', '--service-account-signing-key-file', '--service-cluster-ip-range', '--service-node-port-range', '--show-hidden-metrics-for-version',
  '--shutdown-delay-duration', '--shutdown-send-retry-after', '--shutdown-watch-termination-grace-period', '--storage-backend', '--storage-initialization-timeout',
  '--storage-media-type', '--strict-transport-security-directives', '--tracing-config-file', '--watch-cache', '--watch-cache-sizes',
];

const kubelet = [
  '--address', '--allowed-unsafe-sysctls', '--anonymous-auth', '--application-metrics-count-limit', '--authentication-token-webhook', '--authentication-token-webhook-cache-ttl',
  '--authorization-mode', '--authorization-webhook-cache-authorized-ttl', '--authorization-webhook-cache-unauthorized-ttl', '--bootstrap-kubeconfig', '--cert-dir',
  '--cgroup-driver', '--cgroup-root', '--cgroups-per-qos', '--client-ca-file', '--cloud-config', '--cloud-provider', '--cluster-dns', '--cluster-domain', '--config', '--config-dir',
  '--container-hints', '--container-log-max-files', '--container-log-max-size', '--container-runtime-endpoint', '--containerd', '--containerd-namespace', '--contention-profiling',
  '--cpu-cfs-quota', '--cpu-cfs-quota-period', '--cpu-manager-policy', '--cpu-manager-policy-options', '--cpu-manager-reconcile-period', '--enable-controller-attach-detach',
  '--enable-debugging-handlers', '--enable-server', '--enforce-node-allocatable', '--event-burst', '--event-qps', '--eviction-hard', '--eviction-max-pod-grace-period',
  '--eviction-minimum-reclaim', '--eviction-pressure-transition-period', '--eviction-soft', '--eviction-soft-grace-period', '--exit-on-lock-contention',
  '--experimental-allocatable-ignore-eviction', '--fail-cgroupv1', '--fail-swap-on', '--file-check-frequency', '--hairpin-mode', '--healthz-bind-address', '--healthz-port',
  '--hostname-override', '--http-check-frequency', '--image-credential-provider-bin-dir', '--image-credential-provider-config', '--image-gc-high-threshold',
  '--image-gc-low-threshold', '--image-service-endpoint', '--kernel-memcg-notification', '--kube-api-burst', '--kube-api-qps', '--kube-reserved', '--kube-reserved-cgroup',
  '--kubeconfig', '--kubelet-cgroups', '--local-storage-capacity-isolation', '--lock-file', '--make-iptables-util-chains', '--manifest-url', '--manifest-url-header',
  '--max-open-files', '--max-pods', '--maximum-dead-containers', '--memory-manager-policy', '--minimum-container-ttl-duration', '--minimum-image-ttl-duration', '--node-ip',
  '--node-labels', '--node-status-max-images', '--node-status-update-frequency', '--oom-score-adj', '--pod-cidr', '--pod-infra-container-image', '--pod-manifest-path',
  '--pod-max-pids', '--pods-per-core', '--port', '--protect-kernel-defaults', '--provider-id', '--qos-reserved', '--read-only-port', '--register-node', '--register-schedulable',
  '--register-with-taints', '--registry-burst', '--registry-qps', '--reserved-cpus', '--reserved-memory', '--resolv-conf', '--root-dir', '--rotate-certificates',
  '--rotate-server-certificates', '--runonce', '--runtime-cgroups', '--runtime-request-timeout', '--seccomp-default', '--serialize-image-pulls',
  '--streaming-connection-idle-timeout', '--sync-frequency', '--system-cgroups', '--system-reserved', '--system-reserved-cgroup', '--tls-cert-file', '--tls-cipher-suites',
  '--tls-min-version', '--tls-private-key-file', '--topology-manager-policy', '--topology-manager-policy-options', '--topology-manager-scope', '--volume-plugin-dir',
  '--volume-stats-agg-period',
];

const controllerManager = [
  '--allocate-node-cidrs', '--allow-untagged-cloud', '--attach-detach-reconcile-sync-period', '--cidr-allocator-type', '--cloud-config', '--cloud-provider', '--cluster-cidr',
  '--cluster-name', '--cluster-signing-cert-file', '--cluster-signing-duration', '--cluster-signing-key-file', '--cluster-signing-kube-apiserver-client-cert-file',
  '--cluster-signing-kube-apiserver-client-key-file', '--cluster-signing-kubelet-client-cert-file', '--cluster-signing-kubelet-client-key-file',
  '--cluster-signing-kubelet-serving-cert-file', '--cluster-signing-kubelet-serving-key-file', '--cluster-signing-legacy-unknown-cert-file',
  '--cluster-signing-legacy-unknown-key-file', '--concurrent-deployment-syncs', '--concurrent-gc-syncs', '--concurrent-namespace-syncs', '--configure-cloud-routes',
  '--controllers', '--controller-start-interval', '--enable-dynamic-provisioning', '--enable-garbage-collector', '--flex-volume-plugin-dir',
  '--horizontal-pod-autoscaler-sync-period', '--large-cluster-size-threshold', '--min-resync-period', '--node-cidr-mask-size', '--node-cidr-mask-size-ipv4',
  '--node-cidr-mask-size-ipv6', '--node-eviction-rate', '--node-monitor-grace-period', '--node-monitor-period', '--node-startup-grace-period', '--root-ca-file',
  '--route-reconciliation-period', '--secondary-node-eviction-rate', '--service-account-private-key-file', '--service-cluster-ip-range', '--terminated-pod-gc-threshold',
  '--unhealthy-zone-threshold', '--use-service-account-credentials',
];

const scheduler = ['--config', '--pod-max-in-unschedulable-pods-duration', '--write-config-to'];

const proxy = [
  '--bind-address', '--bind-address-hard-fail', '--cleanup', '--cluster-cidr', '--config', '--config-sync-period', '--conntrack-max-per-core', '--conntrack-min',
  '--conntrack-tcp-timeout-close-wait', '--conntrack-tcp-timeout-established', '--detect-local-mode', '--healthz-bind-address', '--healthz-port', '--hostname-override',
  '--ipvs-scheduler', '--ipvs-strict-arp', '--kube-api-burst', '--kube-api-qps', '--kubeconfig', '--masquerade-all', '--master', '--metrics-bind-address',
  '--metrics-port', '--nodeport-addresses', '--oom-score-adj', '--pod-bridge-interface', '--profiling', '--proxy-mode',
];

const etcd = [
  '--name', '--data-dir', '--wal-dir', '--snapshot-count', '--heartbeat-interval', '--election-timeout', '--listen-peer-urls', '--listen-client-urls', '--max-snapshots',
  '--max-wals', '--quota-backend-bytes', '--initial-advertise-peer-urls', '--initial-cluster', '--initial-cluster-state', '--initial-cluster-token', '--advertise-client-urls',
  '--strict-reconfig-check', '--auto-compaction-retention', '--auto-compaction-mode', '--cert-file', '--key-file', '--client-cert-auth', '--client-crl-file',
  '--trusted-ca-file', '--auto-tls', '--peer-cert-file', '--peer-key-file', '--peer-client-cert-auth', '--peer-trusted-ca-file', '--peer-auto-tls', '--peer-cert-allowed-cn',
  '--peer-cert-allowed-hostname', '--self-signed-cert-validity', '--cipher-suites', '--tls-min-version', '--tls-max-version', '--cors', '--host-whitelist', '--auth-token',
  '--metrics', '--listen-metrics-urls', '--logger', '--log-outputs', '--log-level', '--log-format', '--enable-log-rotation', '--enable-pprof', '--max-txn-ops', '--max-request-bytes',
  '--experimental-initial-corrupt-check', '--experimental-compact-hash-check-enabled', '--experimental-watch-progress-notify-interval', '--pre-vote', '--unsafe-no-fsync',
  '--feature-gates', '--compaction-batch-limit', '--watch-progress-notify-interval',
];

const known: Readonly<Record<string, ReadonlySet<string>>> = {
  'kube-apiserver': new Set([...logging, ...serving, ...apiServer]),
  'kube-controller-manager': new Set([...logging, ...serving, ...delegated, ...controllerManager]),
  'kube-scheduler': new Set([...logging, ...serving, ...delegated, ...scheduler]),
  'kube-proxy': new Set([...logging, ...proxy]),
  kubelet: new Set([...logging, ...kubelet]),
  etcd: new Set(etcd),
  containerd: new Set(['--address', '--config', '--root', '--state', '--log-level', '--namespace']),
  'k8s-apiserver-proxy': new Set(['--endpoints', '--kubeconfig', '--listen', '--refresh-interval']),
};

/** Throws pflag's words for the first flag that the service does not have. */
export function requireKnownFlags(service: string, values: Readonly<Record<string, string>>): void {
  const flags = known[service];
  if (flags === undefined) return;
  for (const flag of Object.keys(values)) {
    if (!flags.has(flag)) throw new Error(`unknown flag: ${flag}`);
  }
}

/** Flags whose value names a file that the service reads when it starts. */
export const fileFlags: ReadonlySet<string> = new Set([
  '--admission-control-config-file',
  '--audit-policy-file',
  '--audit-webhook-config-file',
  '--authentication-config',
  '--authentication-token-webhook-config-file',
  '--authorization-config',
  '--client-ca-file',
  '--cluster-signing-cert-file',
  '--cluster-signing-key-file',
  '--cluster-signing-kube-apiserver-client-cert-file',
  '--cluster-signing-kube-apiserver-client-key-file',
  '--config',
  '--encryption-provider-config',
  '--endpoints',
  '--etcd-cafile',
  '--etcd-certfile',
  '--etcd-keyfile',
  '--kubeconfig',
  '--authentication-kubeconfig',
  '--authorization-kubeconfig',
  '--kubelet-certificate-authority',
  '--kubelet-client-certificate',
  '--kubelet-client-key',
  '--oidc-ca-file',
  '--proxy-client-cert-file',
  '--proxy-client-key-file',
  '--requestheader-client-ca-file',
  '--root-ca-file',
  '--service-account-key-file',
  '--service-account-signing-key-file',
  '--service-account-private-key-file',
  '--tls-cert-file',
  '--tls-private-key-file',
  '--trusted-ca-file',
  '--cert-file',
  '--key-file',
  '--peer-trusted-ca-file',
  '--peer-cert-file',
  '--peer-key-file',
]);

/** Pairs of which key and certificate have to match, or the service does not start. */
export const pairFlags: readonly (readonly [string, string])[] = [
  ['--tls-cert-file', '--tls-private-key-file'],
  ['--etcd-certfile', '--etcd-keyfile'],
  ['--kubelet-client-certificate', '--kubelet-client-key'],
  ['--proxy-client-cert-file', '--proxy-client-key-file'],
  ['--cluster-signing-cert-file', '--cluster-signing-key-file'],
  ['--cert-file', '--key-file'],
  ['--peer-cert-file', '--peer-key-file'],
];
