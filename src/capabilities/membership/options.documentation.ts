/** What operators read of the options of the cluster, in `config.yaml`, the README and `juju config`. */

import type { DocumentationOf } from '../../core/option-documentation.ts';
import type { CLUSTER_OPTIONS } from './declared-options.ts';

export const CLUSTER_DOCUMENTATION: DocumentationOf<typeof CLUSTER_OPTIONS> = {
  'snap-channel': {
    'control-plane': `
      Channel of the k8s snap. A change refreshes the snap, one control-plane unit at a time; minor versions
      can neither be skipped nor go back. Refresh the control plane before the workers.`,
    worker: `
      Channel of the k8s snap. A change refreshes the snap; minor versions can neither be skipped nor go back.
      Refresh the control plane before the workers.`,
  },
  'kube-apiserver-extra-args': `
    Space-separated arguments (flag=value; a flag alone means true, flag- takes out a default) for
    kube-apiserver, for example "max-requests-inflight=600 event-ttl=2h". They replace defaults of the same
    name. Changes are rolled out one unit at a time, and taken back where kube-apiserver does not come up with
    them.`,
  'kube-controller-manager-extra-args': `
    Like kube-apiserver-extra-args, for kube-controller-manager. cluster-name is set by the charm.`,
  'kube-scheduler-extra-args': 'Like kube-apiserver-extra-args, for kube-scheduler.',
  'kube-proxy-extra-args': {
    'control-plane': `
      Like kube-apiserver-extra-args, for kube-proxy on the control-plane nodes.`,
    worker: `
      Space-separated arguments (flag=value; a flag alone means true, flag- takes out a default) for
      kube-proxy. They replace defaults of the same name. Changes take effect at once, and are taken back
      where the service does not come up with them.`,
  },
  'kubelet-extra-args': {
    'control-plane': `
      Like kube-apiserver-extra-args, for kubelet on the control-plane nodes.`,
    worker: 'Like kube-proxy-extra-args, for kubelet.',
  },
  'datastore-extra-args': 'Like kube-apiserver-extra-args, for the managed etcd.',
  'bootstrap-node-taints': {
    'control-plane': `
      Space-separated taints (key=value:Effect) with which the control-plane nodes register. Read when a node
      registers; use kubectl to change the taints of a registered node.`,
    worker: `
      Space-separated taints (key=value:Effect) with which the node registers. Read when the node registers;
      use kubectl to change the taints of a registered node.`,
  },
  'node-labels': {
    'control-plane': `
      Space-separated labels (key=value) of the control-plane nodes. A label that is taken out of the option,
      or has the value -, is removed from the nodes.`,
    worker: `
      Space-separated labels (key=value) of the node. A label that is taken out of the option, or has the
      value -, is removed from the node. Kubernetes does not let a worker give itself every label: see the
      NodeRestriction admission plugin.`,
  },
  'ca-certificates': {
    'control-plane': `
      Secret with certificates of your own, for bootstrap-certificates=provided: ca-crt and ca-key, and where
      the snap shall not make them client-ca-crt, client-ca-key, front-proxy-ca-crt, front-proxy-ca-key,
      etcd-ca-crt, etcd-ca-key. PEM, RSA keys; an intermediate CA with its issuers up to the root
      behind it. Grant it to the application. Read at bootstrap; not needed afterwards. Without a CA's
      key (etcd's apart) the secret also holds what that CA has issued for each unit, such as
      k8s-0-apiserver-crt and k8s-0-apiserver-key; what is put there later is taken into service.`,
    worker: `
      Secret with certificates of your own, where the control plane's bootstrap-certificates is provided and
      a CA's key stays with you: for each unit k8s-worker-0-kubelet-crt and k8s-worker-0-kubelet-key,
      and without client-ca-key also kubelet-client and kube-proxy-client. PEM, RSA keys. Grant it to the
      application. What is put there later is taken into service.`,
  },
  'bootstrap-datastore': `
    Where the cluster keeps its state: managed-etcd (operated by the snap) or etcd (an etcd charm, integrated
    on the etcd endpoint). Read at bootstrap; cannot change afterwards.`,
  'bootstrap-certificates': `
    Where the cluster's certificates come from: snap-managed (the snap's own CAs), intermediate-ca (a
    CA charm, integrated on the certificates endpoint, signs the CAs; the snap issues everything else)
    or external (a CA charm, integrated on the certificates endpoints of k8s and k8s-worker, issues what each
    API server and kubelet serves) or provided (CAs of your own, with or without their keys, in the
    secret that ca-certificates names). Read at bootstrap; cannot change afterwards.`,
  'bootstrap-pod-cidr': `
    Address range of pods: one CIDR, or two separated by a comma (one IPv4, one IPv6). "auto" leaves it to the
    snap. Read at bootstrap; cannot change afterwards.`,
  'bootstrap-service-cidr': `
    Address range of services: one CIDR, or two separated by a comma (one IPv4, one IPv6; first the family of
    the address by which control-plane nodes join; IPv6 /108 or smaller). "auto" leaves it to the snap. Read
    at bootstrap; cannot change afterwards.`,
  'cluster-annotations': `
    Space-separated key=value annotations of the cluster configuration, with which special features of the
    snap are tuned. An annotation that is taken out of the option, or has the value -, is removed from the
    cluster.`,
  'kube-apiserver-extra-sans': `
    Space-separated DNS names and IP addresses that the API server's certificate shall have in addition. Added
    ones are issued one unit at a time; ones that are taken out stay until the certificate is next refreshed.`,
  'network-enabled': `
    Whether the snap's pod network (Cilium) is on. Without it, bring a network of your own.`,
  'kube-proxy-enabled': `
    Whether kube-proxy runs: auto, true or false. auto: it runs when network-enabled is false. Cannot be true
    together with network-enabled. true and false need snap 1.36 or newer.`,
  'gateway-enabled': 'Whether the Gateway API feature is on. Needs network-enabled.',
  'ingress-enabled': 'Whether the ingress feature is on. Needs network-enabled.',
  'ingress-default-tls-secret': 'Name of the TLS secret that ingress serves where a rule names none.',
  'ingress-enable-proxy-protocol': 'Whether ingress expects the PROXY protocol.',
  'dns-enabled': 'Whether the cluster has a DNS service.',
  'dns-cluster-domain': 'DNS domain of the cluster.',
  'dns-service-ip': `
    Address of the DNS service. Empty: chosen by the cluster. With DNS disabled: address of a DNS server
    outside of the cluster. Cannot change while DNS is enabled.`,
  'dns-upstream-nameservers': `
    Space-separated name servers for names outside of the cluster. Empty: those in each node's
    /etc/resolv.conf.`,
  'load-balancer-enabled': 'Whether the load balancer feature is on.',
  'load-balancer-cidrs': `
    Space-separated CIDRs and first-last ranges from which load balancer addresses come.`,
  'load-balancer-l2-mode': 'Whether load balancer addresses are announced on layer 2.',
  'load-balancer-l2-interfaces': 'Space-separated interfaces for layer 2 announcements; all when empty.',
  'load-balancer-bgp-mode': 'Whether load balancer addresses are announced by BGP.',
  'load-balancer-bgp-local-asn': 'Own autonomous system number for BGP.',
  'load-balancer-bgp-peer-address': `
    Address of the BGP peer, as a CIDR. Needed with load-balancer-bgp-mode, unless the annotation
    k8sd/v1alpha1/metallb/bgp-peers names the peers.`,
  'load-balancer-bgp-peer-port': 'Port of the BGP peer.',
  'load-balancer-bgp-peer-asn': 'Autonomous system number of the BGP peer.',
  'local-storage-enabled': `
    Whether the cluster provisions volumes on the nodes' own disks. Not meant for production data.`,
  'local-storage-local-path': `
    Folder of local volumes on each node. Cannot change while local storage is enabled.`,
  'local-storage-reclaim-policy': `
    What happens to a local volume when its claim is deleted: Delete or Retain. Cannot change while local
    storage is enabled.`,
  'metrics-server-enabled': 'Whether the metrics server is on.',
  'containerd-custom-registries': `
    JSON list (YAML is read, too) of container registries, for all nodes. Fields of an item: url (required,
    http or https), host (default: the host of the url), username, password, identitytoken, ca_file,
    cert_file, key_file (base64 of the file), skip_verify, override_path. Example: [{"url":
    "https://registry.example.com:5000", "username": "u", "password": "p"}]`,
  'unready-pod-namespaces': `
    Space-separated namespaces whose pods must be ready for the leader to be active. Empty: none is looked at.`,
};
