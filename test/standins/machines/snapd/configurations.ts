/** Example configuration files that the snap (1.34 and newer) copies to each machine when it is installed. */

const apiServerArguments = `extra-node-kube-apiserver-args:
  --feature-gates: AllAlpha=false
  --audit-log-path: /var/log/kubernetes/audit.log
  --audit-policy-file: /var/snap/k8s/common/etc/configurations/audit-policy.yaml
  --audit-log-maxage: 30
  --audit-log-maxbackup: 10
  --audit-log-maxsize: 100
  --admission-control-config-file: /var/snap/k8s/common/etc/configurations/pod-security-admission-baseline.yaml
  --enable-admission-plugins: NodeRestriction,ValidatingAdmissionPolicy
extra-node-kube-controller-manager-args:
  --bind-address: 127.0.0.1
extra-node-kube-scheduler-args:
  --bind-address: 127.0.0.1
`;

const kubeletArguments = `extra-node-kubelet-args:
  --protect-kernel-defaults: true
  --streaming-connection-idle-timeout: 5m
`;

const clusterConfig = `cluster-config:
  network:
    enabled: true
  dns:
    enabled: true
  local-storage:
    enabled: true
  gateway:
    enabled: true
  metrics-server:
    enabled: true
  ingress:
    enabled: false
  load-balancer:
    enabled: false
`;

function podSecurity(level: string): string {
  return `apiVersion: apiserver.config.k8s.io/v1
kind: AdmissionConfiguration
plugins:
- name: PodSecurity
  configuration:
    apiVersion: pod-security.admission.config.k8s.io/v1
    kind: PodSecurityConfiguration
    defaults:
      enforce: ${level}
      enforce-version: latest
      audit: ${level}
      audit-version: latest
      warn: ${level}
      warn-version: latest
    exemptions:
      usernames: []
      runtimeClasses: []
      namespaces: [kube-system, kube-public, metallb-system]
`;
}

/** By path below `etc/configurations`. */
export const exampleConfigurations: Readonly<Record<string, string>> = {
  'disa-stig/bootstrap.yaml': `${clusterConfig}${apiServerArguments}${kubeletArguments}`,
  'disa-stig/control-plane.yaml': `${apiServerArguments}${kubeletArguments}`,
  'disa-stig/worker.yaml': kubeletArguments,
  'audit-policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n',
  'audit-policy-kube-system.yaml':
    'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n  namespaces: ["kube-system"]\n',
  'pod-security-admission-baseline.yaml': podSecurity('baseline'),
  'pod-security-admission-restricted.yaml': podSecurity('restricted'),
};
