/**
 * The types of flags, as `--help` of Kubernetes 1.36.3 has them (pflag's names), with those that are hidden there as the programs take them:
 * `program --flag --zzzz1 --zzzz2` names the first of the two as unknown for a boolean, the second for anything else.
 */

/** By program and type: names without dashes. */
export const flagTypes: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kube-apiserver': {
    Level: `v`,
    bool: `aggregator-reject-forwarding-redirect allow-privileged anonymous-auth audit-log-batch-throttle-enable
      audit-log-compress audit-log-truncate-enabled audit-webhook-batch-throttle-enable
      audit-webhook-truncate-enabled contention-profiling disable-http2-serving emulation-forward-compatible
      enable-aggregator-routing enable-bootstrap-token-auth enable-garbage-collector enable-logs-handler
      enable-priority-and-fairness encryption-provider-config-automatic-reload log-json-split-stream
      log-text-split-stream permit-address-sharing permit-port-sharing profiling
      runtime-config-emulation-forward-compatible service-account-extend-token-expiration service-account-lookup
      shutdown-send-retry-after watch-cache`,
    colonSeparatedMultimapStringString: `feature-gates`,
    duration: `audit-log-batch-max-wait audit-webhook-batch-max-wait audit-webhook-initial-backoff
      authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl
      authorization-webhook-cache-unauthorized-ttl coordinated-leadership-lease-duration
      coordinated-leadership-renew-deadline coordinated-leadership-retry-period etcd-compaction-interval
      etcd-count-metric-poll-period etcd-db-metric-poll-interval etcd-healthcheck-timeout etcd-readycheck-timeout
      event-ttl kubelet-timeout livez-grace-period log-flush-frequency request-timeout
      service-account-max-token-expiration shutdown-delay-duration shutdown-watch-termination-grace-period
      storage-initialization-timeout`,
    float: `goaway-chance`,
    float32: `audit-log-batch-throttle-qps audit-webhook-batch-throttle-qps`,
    int: `audit-log-batch-buffer-size audit-log-batch-max-size audit-log-batch-throttle-burst audit-log-maxage
      audit-log-maxbackup audit-log-maxsize audit-log-truncate-max-batch-size audit-log-truncate-max-event-size
      audit-webhook-batch-buffer-size audit-webhook-batch-max-size audit-webhook-batch-throttle-burst
      audit-webhook-truncate-max-batch-size audit-webhook-truncate-max-event-size
      default-not-ready-toleration-seconds default-unreachable-toleration-seconds default-watch-cache-size
      delete-collection-workers http2-max-streams-per-connection kubelet-port kubelet-read-only-port
      kubernetes-service-node-port lease-reuse-duration-seconds max-connection-bytes-per-sec
      max-mutating-requests-inflight max-requests-inflight min-request-timeout secure-port`,
    int32Slice: `tls-curve-preferences`,
    ip: `advertise-address bind-address`,
    mapStringString: `oidc-required-claim runtime-config`,
    namedCertKey: `tls-sni-cert-key`,
    'pattern=N,...': `vmodule`,
    portRange: `service-node-port-range`,
    quantity: `log-json-info-buffer-size log-text-info-buffer-size`,
    string: `admission-control-config-file allow-metric-labels-manifest audit-log-format audit-log-mode audit-log-path
      audit-log-version audit-policy-file audit-webhook-config-file audit-webhook-mode audit-webhook-version
      authentication-config authentication-token-webhook-config-file authentication-token-webhook-version
      authorization-config authorization-policy-file authorization-webhook-config-file authorization-webhook-version
      cert-dir client-ca-file debug-socket-path egress-selector-config-file encryption-provider-config
      endpoint-reconciler-type etcd-cafile etcd-certfile etcd-keyfile etcd-prefix external-hostname
      kubelet-certificate-authority kubelet-client-certificate kubelet-client-key logging-format oidc-ca-file
      oidc-client-id oidc-groups-claim oidc-groups-prefix oidc-issuer-url oidc-username-claim oidc-username-prefix
      peer-advertise-ip peer-advertise-port peer-ca-file proxy-client-cert-file proxy-client-key-file
      requestheader-client-ca-file service-account-jwks-uri service-account-signing-endpoint
      service-account-signing-key-file service-cluster-ip-range show-hidden-metrics-for-version storage-backend
      storage-media-type tls-cert-file tls-min-version tls-private-key-file token-auth-file tracing-config-file`,
    stringArray: `service-account-issuer service-account-key-file`,
    stringToString: `allow-metric-labels`,
    strings: `admission-control api-audiences authorization-mode cors-allowed-origins disable-admission-plugins
      disabled-metrics emulated-version enable-admission-plugins etcd-servers etcd-servers-overrides
      kubelet-preferred-address-types min-compatibility-version oidc-signing-algs requestheader-allowed-names
      requestheader-extra-headers-prefix requestheader-group-headers requestheader-uid-headers
      requestheader-username-headers strict-transport-security-directives tls-cipher-suites watch-cache-sizes`,
  },
  'kube-controller-manager': {
    Level: `v`,
    bool: `allocate-node-cidrs allow-untagged-cloud authentication-skip-lookup authentication-tolerate-lookup-failure
      configure-cloud-routes contention-profiling disable-attach-detach-reconcile-sync
      disable-force-detach-on-timeout disable-http2-serving enable-dynamic-provisioning enable-garbage-collector
      enable-hostpath-provisioner enable-leader-migration leader-elect log-json-split-stream log-text-split-stream
      permit-address-sharing permit-port-sharing profiling use-service-account-credentials`,
    colonSeparatedMultimapStringString: `feature-gates`,
    duration: `attach-detach-reconcile-sync-period authentication-token-webhook-cache-ttl
      authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl
      cluster-signing-duration controller-shutdown-timeout controller-start-interval endpoint-updates-batch-period
      endpointslice-updates-batch-period horizontal-pod-autoscaler-cpu-initialization-period
      horizontal-pod-autoscaler-downscale-stabilization horizontal-pod-autoscaler-initial-readiness-delay
      horizontal-pod-autoscaler-sync-period leader-elect-lease-duration leader-elect-renew-deadline
      leader-elect-retry-period legacy-service-account-token-clean-up-period log-flush-frequency min-resync-period
      mirroring-endpointslice-updates-batch-period namespace-sync-period node-monitor-grace-period
      node-monitor-period node-startup-grace-period pvclaimbinder-sync-period resource-quota-sync-period
      route-reconciliation-period`,
    float: `horizontal-pod-autoscaler-tolerance`,
    float32: `kube-api-qps node-eviction-rate secondary-node-eviction-rate unhealthy-zone-threshold`,
    int: `http2-max-streams-per-connection secure-port`,
    int32: `concurrent-cron-job-syncs concurrent-daemonset-syncs concurrent-deployment-syncs
      concurrent-device-taint-eviction-syncs concurrent-endpoint-syncs concurrent-ephemeralvolume-syncs
      concurrent-gc-syncs concurrent-horizontal-pod-autoscaler-syncs concurrent-job-syncs concurrent-namespace-syncs
      concurrent-rc-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs concurrent-resourceclaim-syncs
      concurrent-service-endpoint-syncs concurrent-service-syncs concurrent-serviceaccount-token-syncs
      concurrent-statefulset-syncs concurrent-ttl-after-finished-syncs
      concurrent-validating-admission-policy-status-syncs kube-api-burst large-cluster-size-threshold
      max-endpoints-per-slice mirroring-concurrent-service-endpoint-syncs mirroring-max-endpoints-per-subset
      node-cidr-mask-size node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 pv-recycler-increment-timeout-nfs
      pv-recycler-minimum-timeout-hostpath pv-recycler-minimum-timeout-nfs pv-recycler-timeout-increment-hostpath
      terminated-pod-gc-threshold`,
    int32Slice: `tls-curve-preferences`,
    ip: `bind-address`,
    namedCertKey: `tls-sni-cert-key`,
    'pattern=N,...': `vmodule`,
    quantity: `log-json-info-buffer-size log-text-info-buffer-size`,
    string: `allow-metric-labels-manifest authentication-kubeconfig authorization-kubeconfig cert-dir cidr-allocator-type
      client-ca-file cloud-config cloud-provider cluster-cidr cluster-name cluster-signing-cert-file
      cluster-signing-key-file cluster-signing-kube-apiserver-client-cert-file
      cluster-signing-kube-apiserver-client-key-file cluster-signing-kubelet-client-cert-file
      cluster-signing-kubelet-client-key-file cluster-signing-kubelet-serving-cert-file
      cluster-signing-kubelet-serving-key-file cluster-signing-legacy-unknown-cert-file
      cluster-signing-legacy-unknown-key-file external-cloud-volume-plugin flex-volume-plugin-dir
      kube-api-content-type kubeconfig leader-elect-resource-lock leader-elect-resource-name
      leader-elect-resource-namespace leader-migration-config logging-format master
      pv-recycler-pod-template-filepath-hostpath pv-recycler-pod-template-filepath-nfs requestheader-client-ca-file
      root-ca-file service-account-private-key-file service-cluster-ip-range show-hidden-metrics-for-version
      tls-cert-file tls-min-version tls-private-key-file`,
    stringToString: `allow-metric-labels`,
    strings: `authorization-always-allow-paths controllers disabled-metrics emulated-version min-compatibility-version
      requestheader-allowed-names requestheader-extra-headers-prefix requestheader-group-headers
      requestheader-uid-headers requestheader-username-headers tls-cipher-suites`,
  },
  'kube-proxy': {
    Level: `v`,
    bool: `bind-address-hard-fail cleanup conntrack-tcp-be-liberal init-only iptables-localhost-nodeports ipvs-strict-arp
      log-json-split-stream log-text-split-stream masquerade-all profiling`,
    duration: `config-sync-period conntrack-tcp-timeout-close-wait conntrack-tcp-timeout-established conntrack-udp-timeout
      conntrack-udp-timeout-stream iptables-min-sync-period iptables-sync-period ipvs-min-sync-period
      ipvs-sync-period ipvs-tcp-timeout ipvs-tcpfin-timeout ipvs-udp-timeout log-flush-frequency`,
    float32: `kube-api-qps`,
    int: `healthz-port metrics-port`,
    int32: `conntrack-max-per-core conntrack-min iptables-masquerade-bit kube-api-burst oom-score-adj`,
    ip: `bind-address`,
    ipport: `healthz-bind-address metrics-bind-address`,
    mapStringBool: `feature-gates`,
    'pattern=N,...': `vmodule`,
    quantity: `log-json-info-buffer-size log-text-info-buffer-size`,
    string: `boot-id-file cluster-cidr config detect-local-mode hostname-override ipvs-scheduler kube-api-content-type
      kubeconfig logging-format machine-id-file master pod-bridge-interface pod-interface-name-prefix proxy-mode
      show-hidden-metrics-for-version write-config-to`,
    strings: `ipvs-exclude-cidrs nodeport-addresses`,
  },
  'kube-scheduler': {
    Level: `v`,
    bool: `authentication-skip-lookup authentication-tolerate-lookup-failure contention-profiling disable-http2-serving
      leader-elect log-json-split-stream log-text-split-stream permit-address-sharing permit-port-sharing profiling`,
    colonSeparatedMultimapStringString: `feature-gates`,
    duration: `authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl
      authorization-webhook-cache-unauthorized-ttl leader-elect-lease-duration leader-elect-renew-deadline
      leader-elect-retry-period log-flush-frequency pod-max-in-unschedulable-pods-duration`,
    float32: `kube-api-qps`,
    int: `http2-max-streams-per-connection secure-port`,
    int32: `kube-api-burst`,
    int32Slice: `tls-curve-preferences`,
    ip: `bind-address`,
    namedCertKey: `tls-sni-cert-key`,
    'pattern=N,...': `vmodule`,
    quantity: `log-json-info-buffer-size log-text-info-buffer-size`,
    string: `allow-metric-labels-manifest authentication-kubeconfig authorization-kubeconfig cert-dir client-ca-file config
      kube-api-content-type kubeconfig leader-elect-resource-lock leader-elect-resource-name
      leader-elect-resource-namespace logging-format master requestheader-client-ca-file
      show-hidden-metrics-for-version tls-cert-file tls-min-version tls-private-key-file write-config-to`,
    stringToString: `allow-metric-labels`,
    strings: `authorization-always-allow-paths disabled-metrics emulated-version min-compatibility-version
      requestheader-allowed-names requestheader-extra-headers-prefix requestheader-group-headers
      requestheader-uid-headers requestheader-username-headers tls-cipher-suites`,
  },
  kubelet: {
    Level: `v`,
    '[]v1.Taint': `register-with-taints`,
    bool: `anonymous-auth authentication-token-webhook cgroups-per-qos contention-profiling cpu-cfs-quota
      enable-controller-attach-detach enable-debugging-handlers enable-load-reader enable-server
      exit-on-lock-contention experimental-allocatable-ignore-eviction fail-cgroupv1 fail-swap-on
      kernel-memcg-notification local-storage-capacity-isolation log-cadvisor-usage log-json-split-stream
      log-text-split-stream make-iptables-util-chains protect-kernel-defaults register-node rotate-certificates
      rotate-server-certificates runonce seccomp-default serialize-image-pulls storage-driver-secure`,
    colonSeparatedMultimapStringString: `manifest-url-header`,
    duration: `authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl
      authorization-webhook-cache-unauthorized-ttl cpu-cfs-quota-period cpu-manager-reconcile-period
      eviction-pressure-transition-period file-check-frequency global-housekeeping-interval housekeeping-interval
      http-check-frequency log-flush-frequency minimum-container-ttl-duration minimum-image-ttl-duration
      node-status-update-frequency runtime-request-timeout storage-driver-buffer-duration
      streaming-connection-idle-timeout sync-frequency volume-stats-agg-period`,
    int: `application-metrics-count-limit max-open-files pod-max-pids`,
    int32: `container-log-max-files event-burst event-qps eviction-max-pod-grace-period healthz-port
      image-gc-high-threshold image-gc-low-threshold kube-api-burst kube-api-qps max-pods maximum-dead-containers
      maximum-dead-containers-per-container node-status-max-images oom-score-adj pods-per-core port read-only-port
      registry-burst registry-qps`,
    ip: `address healthz-bind-address`,
    mapStringBool: `feature-gates`,
    mapStringString: `cpu-manager-policy-options eviction-hard eviction-minimum-reclaim eviction-soft eviction-soft-grace-period
      kube-reserved node-labels qos-reserved system-reserved topology-manager-policy-options`,
    'pattern=N,...': `vmodule`,
    quantity: `log-json-info-buffer-size log-text-info-buffer-size`,
    'reserved-memory': `reserved-memory`,
    string: `authorization-mode boot-id-file bootstrap-kubeconfig cert-dir cgroup-driver cgroup-root client-ca-file
      cloud-provider cluster-domain config config-dir container-hints container-log-max-size
      container-runtime-endpoint containerd containerd-namespace cpu-manager-policy event-storage-age-limit
      event-storage-event-limit experimental-mounter-path hairpin-mode hostname-override
      image-credential-provider-bin-dir image-credential-provider-config image-service-endpoint
      kube-api-content-type kube-reserved-cgroup kubeconfig kubelet-cgroups lock-file logging-format machine-id-file
      manifest-url memory-manager-policy node-ip pod-cidr pod-manifest-path provider-id reserved-cpus resolv-conf
      root-dir runtime-cgroups storage-driver-db storage-driver-host storage-driver-password storage-driver-table
      storage-driver-user system-cgroups system-reserved-cgroup tls-cert-file tls-min-version tls-private-key-file
      topology-manager-policy topology-manager-scope volume-plugin-dir`,
    strings: `allowed-unsafe-sysctls cluster-dns enforce-node-allocatable tls-cipher-suites`,
  },
};
