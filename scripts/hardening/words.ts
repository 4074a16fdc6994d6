/** What the catalogues say in words. Titles of controls about the mode or owner of a file are made of `fileNames`. */

/** By path as the checks have it. */
export const fileNames: Readonly<Record<string, string>> = {
  '/var/snap/k8s/common/args/kube-apiserver': 'arguments of kube-apiserver',
  '/var/snap/k8s/common/args/kube-controller-manager': 'arguments of kube-controller-manager',
  '/var/snap/k8s/common/args/kube-scheduler': 'arguments of kube-scheduler',
  '/var/snap/k8s/common/args/etcd': 'arguments of etcd',
  '/var/snap/k8s/common/args/kubelet': 'arguments of kubelet',
  '/etc/cni/net.d/05-cilium.conflist': 'CNI configuration',
  '/var/snap/k8s/common/var/lib/etcd': 'data folder of etcd',
  '/var/snap/k8s/common/var/lib/etcd/**': 'data of etcd',
  '/etc/kubernetes/admin.conf': "administrator's kubeconfig",
  '/etc/kubernetes/scheduler.conf': "scheduler's kubeconfig",
  '/etc/kubernetes/controller.conf': "controller manager's kubeconfig",
  '/etc/kubernetes/kubelet.conf': "kubelet's kubeconfig",
  '/etc/kubernetes/proxy.conf': "kube-proxy's kubeconfig",
  '/etc/kubernetes/pki/**': 'certificates and keys',
  '/etc/kubernetes/pki/**/*.crt': 'certificates',
  '/etc/kubernetes/pki/**/*.key': 'private keys',
  '/etc/kubernetes/pki/client-ca.crt': 'authority that kubelet trusts for clients',
  '/etc/systemd/system/snap.k8s.kubelet.service': 'systemd unit of kubelet',
  '/etc/kubernetes/**': 'configuration of the control plane',
};

export interface Words {
  readonly title?: string;
  readonly risk?: string;
  /** Only where the remedy does not say it. */
  readonly advice?: string;
  readonly tailoring?: string;
}

const COMMAND_LINE =
  'The rule expects a KubeletConfiguration file and calls the command-line option itself a finding. The snap configures kubelet by ' +
  'its command line alone, from a file that only root reads, so the option is judged by its value.';
const NARROW = 'Take the permission out of the roles, or the subjects out of the bindings, that are listed.';
const BASELINE =
  'Enforce the Pod Security Standard baseline: with the option pod-security, or with the label pod-security.kubernetes.io/enforce on ' +
  'the namespaces that are listed.';
const RESTRICTED =
  'Enforce the Pod Security Standard restricted: with the option pod-security, or with the label pod-security.kubernetes.io/enforce on ' +
  'the namespaces that are listed.';
const PORTS =
  'Compare what listens on the node, and Services of type NodePort and LoadBalancer, with the ports that are registered for the system.';
const LOOPBACK_METRICS =
  'Metrics of the component can no longer be fetched from other machines, only on the node itself.';
const STREAMS = 'Sessions of kubectl exec, attach and port-forward that are idle are cut after that time.';
const KERNEL =
  'kubelet does not start where a kernel setting differs, so the settings go first. They cannot be written in a container, and some ' +
  'other tool may write others.';
const AUDIT_VOLUME = 'The audit log takes disk space and some of its throughput.';
const PSA =
  'Workloads that need privileges outside of the exempt namespaces (storage, GPU or monitoring agents) are refused.';
const SSH =
  'juju ssh, scp and debug-hooks no longer reach the machine. The STIG of Ubuntu wants the package installed, and clouds without an ' +
  'agent of their own need it to enlist machines.';
const ENCRYPTION =
  'Whoever loses the key loses every Secret. All control planes need the same file before the first of them writes with it.';
const ADMISSION_FILE =
  'API requests for events beyond the limits are refused; with a malformed configuration the API server does not start.';
const OLD_TOKENS = 'Clients that never read their token again are refused after an hour.';
const CHECKED_ELSEWHERE = 'The etcd of the snap runs as root, and there is no user etcd: root owns the data.';
const ONE_LIMIT = 'Later editions are content with 644; 600, which the snap itself sets, fits all of them.';
const FIRST_FOUR = 'Clients that know none of the four AES-GCM suites cannot connect with TLS 1.2.';

export const words: Readonly<Record<string, Words>> = {
  'CIS-1.1.9': { risk: "Cilium's agent writes the file anew when it starts, with a mode of its own." },
  'CIS-1.1.10': { risk: "Cilium's agent writes the file anew when it starts." },
  'CIS-1.1.12': { tailoring: CHECKED_ELSEWHERE },
  'CIS-1.1.20': { tailoring: ONE_LIMIT },
  'CIS-1.2.1': {
    title: 'Requests without credentials to the API server',
    risk: 'Load balancers that probe /livez or /readyz without credentials are answered with 401.',
  },
  'CIS-1.2.2': { title: 'Tokens from a static file' },
  'CIS-1.2.3': {
    title: 'Admission plugin DenyServiceExternalIPs',
    risk: 'New Services with external IPs are refused.',
    tailoring: 'CIS 1.24 wants the plugin off, editions from 1.7 on want it on: the option cis-benchmark decides.',
  },
  'CIS-1.2.4': { title: "API server's client certificate for kubelets" },
  'CIS-1.2.5': { title: 'Authority by which the API server knows kubelets' },
  'CIS-1.2.6': { title: 'Authorization that allows everything' },
  'CIS-1.2.7': { title: 'Authorization mode Node' },
  'CIS-1.2.8': { title: 'Authorization mode RBAC' },
  'CIS-1.2.9': { title: 'Limits for events (admission plugin EventRateLimit)', risk: ADMISSION_FILE },
  'CIS-1.2.10': { title: 'Admission plugin AlwaysAdmit' },
  'CIS-1.2.11': {
    title: 'Admission plugin AlwaysPullImages',
    risk: 'Every start of a container asks the registry: none starts while it is away, and images that were loaded by hand are of no use.',
  },
  'CIS-1.2.12': {
    title: 'Admission plugin SecurityContextDeny',
    risk: 'An API server that is told to use the plugin does not start.',
    advice: 'Nothing: use Pod Security Admission (option pod-security) instead.',
  },
  'CIS-1.2.13': { title: 'Admission plugin ServiceAccount' },
  'CIS-1.2.14': { title: 'Admission plugin NamespaceLifecycle' },
  'CIS-1.2.15': { title: 'Admission plugin NodeRestriction' },
  'CIS-1.2.16': { title: 'Secure port of the API server' },
  'CIS-1.2.17': { title: 'Profiling of the API server' },
  'CIS-1.2.18': { title: 'Path of the audit log', risk: AUDIT_VOLUME },
  'CIS-1.2.19': { title: 'Days for which audit logs are kept' },
  'CIS-1.2.20': { title: 'Number of old audit logs that are kept' },
  'CIS-1.2.21': { title: 'Size at which the audit log is rotated', risk: 'With ten old logs about 1.1 GB.' },
  'CIS-1.2.22': { title: 'Time limit of requests' },
  'CIS-1.2.23': { title: 'Look-up of service accounts' },
  'CIS-1.2.24': { title: 'Key with which service account tokens are verified' },
  'CIS-1.2.25': { title: "API server's client certificate for etcd" },
  'CIS-1.2.26': { title: "API server's serving certificate" },
  'CIS-1.2.27': { title: "Authority for the API server's clients" },
  'CIS-1.2.28': { title: 'Authority by which the API server knows etcd' },
  'CIS-1.2.29': { title: 'Encryption at rest, configured', risk: ENCRYPTION },
  'CIS-1.2.30': {
    title: 'Encryption at rest, provider',
    risk: 'Of the providers that CIS names, secretbox is not approved by FIPS, and aesgcm, which others prefer, is not among them.',
  },
  'CIS-1.2.31': {
    title: 'Cipher suites of the API server',
    risk: FIRST_FOUR,
    tailoring: 'The shorter list of CIS 1.12 is asked for in all editions.',
  },
  'CIS-1.2.30-v1.12': { title: 'Service account tokens that last for a year', risk: OLD_TOKENS },
  'CIS-1.3.1': { title: 'Threshold above which ended pods are deleted' },
  'CIS-1.3.2': { title: 'Profiling of the controller manager' },
  'CIS-1.3.3': { title: 'Service accounts of controllers' },
  'CIS-1.3.4': { title: 'Key with which service account tokens are signed' },
  'CIS-1.3.5': { title: 'Authority that service accounts are given' },
  'CIS-1.3.6': { title: 'Feature gate RotateKubeletServerCertificate of the controller manager' },
  'CIS-1.3.7': {
    title: 'Address of the controller manager',
    risk: LOOPBACK_METRICS,
    tailoring:
      'Left unset the component listens everywhere, so unset counts as a failure, other than in some editions.',
  },
  'CIS-1.4.1': { title: 'Profiling of the scheduler' },
  'CIS-1.4.2': {
    title: 'Address of the scheduler',
    risk: LOOPBACK_METRICS,
    tailoring:
      'Left unset the component listens everywhere, so unset counts as a failure, other than in some editions.',
  },
  'CIS-2.1': { title: "etcd's serving certificate" },
  'CIS-2.2': { title: "Certificates of etcd's clients" },
  'CIS-2.3': { title: 'Self-signed certificates of etcd for clients' },
  'CIS-2.4': { title: "Certificate of etcd's peers" },
  'CIS-2.5': { title: "Verification of etcd's peers" },
  'CIS-2.6': { title: 'Self-signed certificates of etcd for peers' },
  'CIS-2.7': { title: "etcd's own authority", advice: 'Give etcd an authority that signs nothing else.' },
  'CIS-3.1.1': {
    title: 'Client certificates of people',
    advice:
      'Let people sign in by OIDC or by tokens of the cluster; keep the administrator certificate for emergencies.',
  },
  'CIS-3.1.2': {
    title: 'Service account tokens of people',
    advice: 'Let people sign in by OIDC or by tokens of the cluster.',
  },
  'CIS-3.1.3': { title: 'Bootstrap tokens of people', advice: 'Delete the bootstrap tokens that are listed.' },
  'CIS-3.2.1': { title: 'Audit policy', risk: AUDIT_VOLUME },
  'CIS-3.2.2': {
    title: 'What the audit policy covers',
    risk: 'V-242403 of the STIG asks for the opposite: bodies of all requests, and so of Secrets, in the log.',
  },
  'CIS-4.1.1': {
    risk: 'snapd writes the unit with mode 644 when it makes it anew, so the mode is set again after a refresh.',
  },
  'CIS-4.1.7': { tailoring: ONE_LIMIT },
  'CIS-4.2.1': { title: 'Requests without credentials to kubelet' },
  'CIS-4.2.2': { title: "kubelet's authorization" },
  'CIS-4.2.3': { title: "Authority for kubelet's clients" },
  'CIS-4.2.4': { title: "kubelet's read-only port" },
  'CIS-4.2.5': { title: 'Time limit of idle streams', risk: STREAMS },
  'CIS-4.2.6': { title: 'Kernel settings that kubelet insists on', risk: KERNEL },
  'CIS-4.2.7': { title: "kubelet's iptables chains" },
  'CIS-4.2.8': {
    title: 'Node names other than the host name',
    risk: 'A node that loses the flag registers under another name.',
    advice:
      'Give the machine a lower-case host name before it joins; a node of another name has to leave and join again.',
  },
  'CIS-4.2.9': { title: "Rate of kubelet's events" },
  'CIS-4.2.10': { title: "kubelet's serving certificate" },
  'CIS-4.2.11': {
    title: "Rotation of kubelet's client certificate",
    tailoring: 'The charm renews the certificate; the flag is only looked at.',
  },
  'CIS-4.2.12': { title: 'Feature gate RotateKubeletServerCertificate of kubelet' },
  'CIS-4.2.13': { title: 'Cipher suites of kubelet', risk: FIRST_FOUR },
  'CIS-4.2.13-v1.12': { title: 'Processes per pod', risk: 'Workloads with very many threads reach the limit.' },
  'CIS-4.2.14-v1.12': {
    title: 'Seccomp profile of pods that name none',
    risk: 'Pods that need system calls outside of the profile fail when they are started anew.',
  },
  'CIS-4.2.15-v1.11': {
    title: 'IP addresses that may reach kubelet',
    risk: 'A mistake in the list cuts the node off.',
    advice: 'Nothing: the edition after it has dropped the control.',
  },
  'CIS-4.3.1-v1.12': {
    title: "Address of kube-proxy's metrics",
    tailoring: 'Not applicable where the network of the cluster replaces kube-proxy.',
  },
  'CIS-5.1.1': {
    title: 'Bindings of cluster-admin',
    advice: 'Remove the bindings that are listed, or bind a smaller role.',
  },
  'CIS-5.1.2': { title: 'Who may read Secrets', advice: NARROW },
  'CIS-5.1.3': { title: 'Wildcards in roles', advice: 'Name the resources and verbs instead.' },
  'CIS-5.1.4': { title: 'Who may create pods', advice: NARROW },
  'CIS-5.1.5': {
    title: 'Use of default service accounts',
    risk: 'Pods that rely on the token of a default service account no longer have one.',
    advice: 'Give workloads accounts of their own and set automountServiceAccountToken: false on the default ones.',
  },
  'CIS-5.1.6': {
    title: 'Service account tokens in pods',
    advice: 'Set automountServiceAccountToken: false on pods that do not talk to the API.',
  },
  'CIS-5.1.7': {
    title: 'Group system:masters',
    risk: "Its members bypass RBAC until the clients' authority changes.",
    advice: 'Issue credentials in another group, bound to the role that is needed.',
  },
  'CIS-5.1.8': { title: 'Who may bind, escalate or impersonate', advice: NARROW },
  'CIS-5.1.9': { title: 'Who may create persistent volumes', advice: NARROW },
  'CIS-5.1.10': { title: 'Who may reach kubelets through the API', advice: NARROW },
  'CIS-5.1.11': { title: 'Who may approve certificate requests', advice: NARROW },
  'CIS-5.1.12': { title: 'Who may change admission webhooks', advice: NARROW },
  'CIS-5.1.13': { title: 'Who may make service account tokens', advice: NARROW },
  'CIS-5.2.1': { title: 'A policy for pods in each namespace', risk: PSA, advice: BASELINE },
  'CIS-5.2.2': { title: 'Privileged containers', risk: PSA, advice: BASELINE },
  'CIS-5.2.3': { title: 'Pods in the PID namespace of the host', risk: PSA, advice: BASELINE },
  'CIS-5.2.4': { title: 'Pods in the IPC namespace of the host', risk: PSA, advice: BASELINE },
  'CIS-5.2.5': { title: 'Pods in the network of the host', risk: PSA, advice: BASELINE },
  'CIS-5.2.6': { title: 'Containers that may gain privileges', risk: PSA, advice: RESTRICTED },
  'CIS-5.2.7': { title: 'Containers that run as root', risk: PSA, advice: RESTRICTED },
  'CIS-5.2.8': { title: 'Containers with NET_RAW', risk: PSA, advice: RESTRICTED },
  'CIS-5.2.9': { title: 'Containers with added capabilities', risk: PSA, advice: RESTRICTED },
  'CIS-5.2.10': { title: 'Capabilities that containers keep', risk: PSA, advice: RESTRICTED },
  'CIS-5.2.11': { title: 'Host process containers of Windows', advice: BASELINE },
  'CIS-5.2.12': { title: 'Volumes from paths of the host', risk: PSA, advice: BASELINE },
  'CIS-5.2.13': { title: 'Ports of the host', risk: PSA, advice: BASELINE },
  'CIS-5.3.1': {
    title: 'A network that enforces policies',
    advice: 'Use the network that comes with the cluster (network-enabled).',
  },
  'CIS-5.3.2': {
    title: 'Network policies in each namespace',
    risk: 'A policy that denies everything also denies DNS and the API until it allows them.',
    advice: 'Make a policy that denies by default in each namespace that is listed, and allow what is needed.',
  },
  'CIS-5.4.1': { title: 'Secrets in environment variables', advice: 'Mount the Secrets as files.' },
  'CIS-5.4.2': {
    title: 'Secrets outside of the cluster',
    advice: 'Decide whether Secrets belong into an external store.',
  },
  'CIS-5.5.1': {
    title: 'Provenance of images',
    advice: 'Install an admission controller that verifies signatures of images.',
  },
  'CIS-5.7.1': { title: 'Namespaces for workloads', advice: 'Give teams and applications namespaces of their own.' },
  'CIS-5.7.2': {
    title: 'Seccomp profiles of pods',
    advice: 'Name the profile RuntimeDefault in pods, or turn cis-mode on, which makes it the default.',
  },
  'CIS-5.7.3': { title: 'Security contexts of pods and containers', advice: RESTRICTED },
  'CIS-5.7.4': { title: 'Workloads in the namespace default', advice: 'Move what is listed to namespaces of its own.' },
  'V-242376': { title: 'Lowest TLS version of the controller manager' },
  'V-242377': { title: 'Lowest TLS version of the scheduler' },
  'V-242378': { title: 'Lowest TLS version of the API server' },
  'V-242379': { title: "etcd's certificates for clients" },
  'V-242380': { title: "etcd's certificates for peers" },
  'V-242381': { title: 'Service accounts of controllers' },
  'V-242382': {
    title: 'Authorization modes of the API server',
    tailoring: 'Asks for exactly Node,RBAC, where the rule only forbids AlwaysAllow.',
  },
  'V-242383': {
    title: 'Workloads in the namespaces of Kubernetes',
    advice: 'Move what is listed to namespaces of its own.',
  },
  'V-242384': { title: 'Address of the scheduler', risk: LOOPBACK_METRICS },
  'V-242385': { title: 'Address of the controller manager', risk: LOOPBACK_METRICS },
  'V-242386': {
    title: 'Insecure port of the API server',
    advice: 'Nothing: an API server that is given the flag does not start.',
  },
  'V-242387': { title: "kubelet's read-only port", tailoring: COMMAND_LINE },
  'V-242388': {
    title: 'Insecure address of the API server',
    advice: 'Take --insecure-bind-address out of kube-apiserver-extra-args: Kubernetes no longer knows it.',
  },
  'V-242389': { title: 'Secure port of the API server' },
  'V-242390': {
    title: 'Requests without credentials to the API server',
    risk: 'Load balancers that probe /livez or /readyz without credentials are answered with 401.',
  },
  'V-242391': { title: 'Requests without credentials to kubelet', tailoring: COMMAND_LINE },
  'V-242392': { title: "kubelet's authorization" },
  'V-242393': {
    title: 'SSH daemon on workers, running',
    risk: SSH,
    advice:
      'Stop and disable ssh.socket and ssh.service where nobody needs to reach the machine by SSH; the charm leaves them alone.',
  },
  'V-242394': {
    title: 'SSH daemon on workers, started at boot',
    risk: SSH,
    advice:
      'Disable ssh.socket and ssh.service where nobody needs to reach the machine by SSH; the charm leaves them alone.',
  },
  'V-242395': { title: 'Kubernetes dashboard', advice: 'Remove the dashboard.' },
  'V-242396': { title: 'Version of kubectl', advice: 'Use the kubectl of the snap.' },
  'V-242397': { title: 'Static pods' },
  'V-242398': { title: 'Feature gate DynamicAuditing', advice: 'Nothing.' },
  'V-242399': { title: 'Feature gate DynamicKubeletConfig', advice: 'Nothing.' },
  'V-242400': {
    title: 'Alpha features of the API server',
    risk: 'Alpha features that were turned on as a group are gone.',
  },
  'V-242402': { title: 'Path of the audit log', risk: AUDIT_VOLUME },
  'V-242403': {
    title: 'Audit policy that records everything',
    risk: 'The log grows very fast and holds the bodies of Secrets in the clear, which CIS 3.2.2 and encryption at rest want to avoid.',
  },
  'V-242404': {
    title: 'Node names other than the host name',
    risk: 'A node that loses the flag registers under another name.',
    advice:
      'Give the machine a lower-case host name before it joins; a node of another name has to leave and join again.',
  },
  'V-242405': {
    title: "Owner of the components' configuration",
    tailoring: 'The snap has no manifests: what configures its components is looked at instead.',
  },
  'V-242406': { title: "Owner of kubelet's configuration" },
  'V-242407': { title: "Permissions of kubelet's configuration" },
  'V-242408': {
    title: "Permissions of the components' arguments",
    risk: 'Folders need their x bit: modes of files and of folders are set apart.',
    tailoring:
      'The snap has no manifests: the files with the arguments are looked at instead, and modes are compared bit by bit.',
  },
  'V-242409': { title: 'Profiling of the controller manager' },
  'V-242410': { title: 'Registered ports of the API server', advice: PORTS },
  'V-242411': { title: 'Registered ports of the scheduler', advice: PORTS },
  'V-242412': { title: 'Registered ports of the controllers', advice: PORTS },
  'V-242413': { title: 'Registered ports of etcd', advice: PORTS },
  'V-242414': { title: 'Pods with ports of the host below 1024', advice: 'Reach the pods through Services.' },
  'V-242415': { title: 'Secrets in environment variables', advice: 'Mount the Secrets as files.' },
  'V-242417': {
    title: 'Workloads in system namespaces',
    advice: 'Move the pods that are listed to namespaces of their own.',
  },
  'V-242418': { title: 'Cipher suites of the API server', risk: FIRST_FOUR },
  'V-242419': { title: "Authority for the API server's clients" },
  'V-242420': { title: "Authority for kubelet's clients", tailoring: COMMAND_LINE },
  'V-242421': { title: 'Authority that service accounts are given' },
  'V-242422': { title: "API server's serving certificate" },
  'V-242423': { title: "Certificates of etcd's clients" },
  'V-242424': { title: "Key of kubelet's serving certificate", tailoring: COMMAND_LINE },
  'V-242425': { title: "kubelet's serving certificate", tailoring: COMMAND_LINE },
  'V-242426': { title: "Verification of etcd's peers" },
  'V-242427': { title: "Key of etcd's serving certificate" },
  'V-242428': { title: "etcd's serving certificate" },
  'V-242429': { title: 'Authority by which the API server knows etcd' },
  'V-242430': { title: "API server's client certificate for etcd" },
  'V-242431': { title: "Key of the API server's client certificate for etcd" },
  'V-242432': { title: "Certificate of etcd's peers" },
  'V-242433': { title: "Key of etcd's peers" },
  'V-242434': { title: 'Kernel settings that kubelet insists on', risk: KERNEL, tailoring: COMMAND_LINE },
  'V-242436': { title: 'Admission plugin ValidatingAdmissionWebhook' },
  'V-242437': {
    title: 'Pod Security Policies',
    advice: 'Nothing: Pod Security Admission (V-254800) has taken their place.',
  },
  'V-242438': { title: 'Time limit of requests' },
  'V-242442': {
    title: 'Old versions of components',
    risk: 'While a workload is rolled out it runs in two versions.',
    advice: 'Delete the pods of old versions that are listed.',
  },
  'V-242443': { title: 'Supported version of Kubernetes', advice: 'Refresh the snap and the charm.' },
  'V-242444': { title: "Owner of the components' files" },
  'V-242445': { title: "Owner of etcd's data", tailoring: CHECKED_ELSEWHERE },
  'V-242446': {
    title: 'Owner of the kubeconfigs of the control plane',
    tailoring: "The snap calls the controller manager's kubeconfig controller.conf.",
  },
  'V-242447': { title: "Permissions of kube-proxy's kubeconfig" },
  'V-242448': { title: "Owner of kube-proxy's kubeconfig" },
  'V-242449': { title: 'Permissions of the authority that kubelet trusts for clients', tailoring: COMMAND_LINE },
  'V-242450': { title: 'Owner of the authority that kubelet trusts for clients', tailoring: COMMAND_LINE },
  'V-242452': { title: "Permissions of kubelet's kubeconfig" },
  'V-242453': { title: "Owner of kubelet's kubeconfig" },
  'V-242454': { title: "Owner of kubeadm's configuration", advice: 'Nothing.' },
  'V-242455': { title: "Permissions of kubeadm's configuration", advice: 'Nothing.' },
  'V-242456': { title: "Permissions of kubelet's configuration file" },
  'V-242457': { title: "Owner of kubelet's configuration file" },
  'V-242459': {
    title: "Permissions of etcd's data",
    risk: 'Folders need their x bit: modes of files and of folders are set apart.',
  },
  'V-242460': {
    title: 'Permissions of the kubeconfigs of the control plane',
    tailoring: "The snap calls the controller manager's kubeconfig controller.conf.",
  },
  'V-242461': { title: 'Audit policy', risk: AUDIT_VOLUME },
  'V-242462': { title: 'Size at which the audit log is rotated', risk: 'With ten old logs about 1.1 GB.' },
  'V-242463': { title: 'Number of old audit logs that are kept' },
  'V-242464': { title: 'Days for which audit logs are kept' },
  'V-242465': { title: 'Path of the audit log, valid', risk: AUDIT_VOLUME },
  'V-245541': { title: 'Time limit of idle streams', risk: STREAMS, tailoring: COMMAND_LINE },
  'V-245542': { title: 'Passwords from a static file' },
  'V-245543': { title: 'Tokens from a static file' },
  'V-245544': {
    title: "API server's client certificate for kubelets",
    tailoring:
      "That the certificate comes from an approved authority is the operator's to show (option bootstrap-certificates).",
  },
  'V-254800': { title: 'Pod Security Admission, configured', risk: PSA },
  'V-254801': {
    title: 'Pod Security Admission, enabled',
    tailoring:
      'The rule asks for the feature gate PodSecurity, which Kubernetes has removed: with it no component starts. The plugin is part of ' +
      'every API server that does not disable it.',
  },
  'V-274882': { title: 'Encryption of Secrets at rest', risk: ENCRYPTION },
  'V-274883': {
    title: 'Sensitive data outside of Secrets',
    advice: 'Move what is listed into Secrets or an external store.',
  },
  'V-274884': { title: 'Who may read Secrets', advice: NARROW },
};

/** What a person looks at where nothing else can. */
export const hints: Readonly<Record<string, string>> = {
  'CIS-3.1.1':
    'See how people sign in: OIDC or an authentication configuration on the API server, and which certificate requests were approved for users.',
  'CIS-3.1.2':
    'See which Secrets hold tokens of service accounts, and who uses service accounts outside of kube-system.',
  'V-242410': PORTS,
  'V-242411': PORTS,
  'V-242412': PORTS,
  'V-242413': PORTS,
};

/** Why a control asks for something that Kubernetes no longer has. */
export const notApplicable: Readonly<Record<string, string>> = {
  'CIS-1.2.12': 'Kubernetes 1.30 removed the plugin.',
  'CIS-4.2.15-v1.11': 'Only CIS 1.11 has the control; 1.12 dropped it.',
  'V-242386': 'Kubernetes 1.24 removed the flag.',
  'V-242398': 'The feature gate existed in Kubernetes 1.13 to 1.19 only.',
  'V-242399': 'The rule is for Kubernetes up to 1.25.',
  'V-242437': 'Kubernetes 1.25 removed Pod Security Policies.',
  'V-242454': 'The snap does not use kubeadm.',
  'V-242455': 'The snap does not use kubeadm.',
};
