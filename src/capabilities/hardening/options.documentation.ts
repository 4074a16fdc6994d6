/** What operators read of the options of hardening, in `config.yaml`, the README and `juju config`. */

import type { DocumentationOf } from '../../core/option-documentation.ts';
import type { HARDENING_OPTIONS } from './declared-options.ts';

export const HARDENING_DOCUMENTATION: DocumentationOf<typeof HARDENING_OPTIONS> = {
  'cis-mode': {
    'control-plane': `
      Whether nodes are kept as the CIS Kubernetes Benchmark wants them. Restarts the Kubernetes services of
      one control plane after the other. Turned off, it restores the previous configuration. Workers whose own
      cis-mode is not set follow.`,
    worker: `
      Whether the node is kept as the CIS Kubernetes Benchmark wants it. Restarts kubelet. Turned off, it
      restores the previous configuration. Unset: as on the control plane; false: not here, whatever the
      control plane has.`,
  },
  'stig-mode': {
    'control-plane': `
      Whether nodes are kept as the Kubernetes STIG of DISA wants them. Like cis-mode; both may be on. sshd is
      left alone. The audit log then holds the content of Secrets and service account tokens: see
      audit-policy.`,
    worker: `
      Whether the node is kept as the Kubernetes STIG of DISA wants it. Like cis-mode; both may be on. sshd is
      left alone. Unset: as on the control plane.`,
  },
  'cis-benchmark': {
    'control-plane': `
      Version of the CIS Kubernetes Benchmark that cis-mode follows: 1.12, or 1.24 as in the documentation of
      Canonical Kubernetes. They contradict each other in places.`,
    worker: `
      Version of the CIS Kubernetes Benchmark that cis-mode follows, 1.12 or 1.24. Unset: as on the control
      plane.`,
  },
  'hardening-waivers': {
    'control-plane': `
      Controls that are not kept here, in YAML: a list of items with control (an id, or a number that no other
      control has in another edition), reason and, if it ends, until (its last day). The modes leave them
      alone, and assess shows them as waived. With allow, a list of names, a policy of the cluster stays in
      force for all else. Expired or unknown waivers are reported in the status. Example: [{control:
      admission-always-pull-images, reason: images are loaded by hand, until: 2027-06-30}]`,
    worker: `
      Controls that are not kept on the node, in YAML: a list of items with control (an id or a number of the
      benchmark), reason and, if it ends, until (its last day). Unset: as on the control plane.`,
  },
  'pod-max-pids': {
    'control-plane': `
      How many processes a pod may have on a node. Unset: 4096 where cis-mode asks for a limit, as kubelet has
      it without. Workers whose own option is not set follow.`,
    worker: `
      How many processes a pod may have on the node. Unset: as on the control plane, else 4096 where cis-mode
      asks for a limit, and as kubelet has it without.`,
  },
  'tls-min-version': {
    'control-plane': `
      Oldest version of TLS that kube-apiserver, kubelet, kube-controller-manager, kube-scheduler and the
      managed etcd accept: 1.2 or 1.3. A tls-min-version among a service's extra arguments goes before it.
      Workers whose own option is not set follow.`,
    worker: `
      Oldest version of TLS that kubelet accepts, 1.2 or 1.3. Unset: as on the control plane, else 1.3.`,
  },
  'audit-policy': `
    What the API servers write into their audit logs, as a Policy of audit.k8s.io/v1 in YAML. Empty: what
    comes with cis-mode or stig-mode, and no audit log without them. Rolled out one unit at a time, and taken
    back where kube-apiserver does not come up with it.`,
  'audit-log-path': `
    Where the API servers write their audit logs. Its folder is made when it is not there.`,
  'audit-log-maxage': `
    Days after which files of the API servers' audit logs are removed. CIS and STIG want 30 or more.`,
  'audit-log-maxbackup': `
    How many full files of the audit log are kept beside the one that is written. CIS and STIG want 10 or
    more.`,
  'audit-log-maxsize': `
    Megabytes at which a file of the audit log is full. CIS and STIG want 100 or more. There must be room for
    all files, or the unit is blocked before auditing begins.`,
  'pod-security': `
    Pod Security Standard that is enforced in namespaces which say nothing of their own: privileged, baseline
    or restricted. Empty: baseline under stig-mode, as Kubernetes has it without.`,
  'pod-security-exempt-namespaces': `
    Space-separated namespaces in which pod-security is not enforced, beside kube-system, kube-public,
    kube-node-lease and metallb-system.`,
  'event-rate-limits': `
    Limits of the events that the API servers take, as a YAML list for the EventRateLimit admission plugin.
    Empty: 5000 a second for each API server under cis-mode, none without. Example: [{type: Namespace, qps:
    50, burst: 100, cacheSize: 2000}]`,
};
