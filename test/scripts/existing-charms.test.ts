/**
 * Guards that a deployment of the existing Python charms can be refreshed to these: every option that it may have set is here,
 * with the same type and default, and the endpoints that are here are the same on the wire.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { repository } from '../../scripts/pack/places.ts';
import { mapping } from './juju-rules.ts';

const text = (initial = '') => ({ type: 'string', default: initial });
const flag = (initial: boolean) => ({ type: 'boolean', default: initial });
const whole = (initial: number) => ({ type: 'int', default: initial });

/** charms/worker/charmcraft.yaml of canonical/k8s-operator. */
const workerOptions = {
  'bootstrap-node-taints': text(),
  'kube-proxy-extra-args': text(),
  'kubelet-extra-args': text(),
  'node-labels': text(),
};

/**
 * charms/worker/k8s/charmcraft.yaml there. The defaults of `bootstrap-datastore`, `bootstrap-pod-cidr` and `bootstrap-service-cidr` are
 * empty there, which means what is written out here: the snap's own. `bootstrap-datastore` was `auto` in older revisions, and
 * `kube-proxy-enabled` a boolean.
 */
const controlPlaneOptions = {
  ...workerOptions,
  'bootstrap-datastore': text('managed-etcd'),
  'bootstrap-pod-cidr': text('10.1.0.0/16'),
  'bootstrap-service-cidr': text('10.152.183.0/24'),
  'cluster-annotations': text(),
  'containerd-custom-registries': text('[]'),
  'datastore-extra-args': text(),
  'dns-enabled': flag(true),
  'dns-cluster-domain': text('cluster.local'),
  'dns-service-ip': text(),
  'dns-upstream-nameservers': text(),
  'gateway-enabled': flag(false),
  'ingress-enabled': flag(false),
  'ingress-enable-proxy-protocol': flag(false),
  'kube-apiserver-extra-args': text(),
  'kube-apiserver-extra-sans': text(),
  'kube-controller-manager-extra-args': text(),
  'kube-proxy-enabled': text('auto'),
  'kube-scheduler-extra-args': text(),
  'load-balancer-enabled': flag(false),
  'load-balancer-cidrs': text(),
  'load-balancer-l2-mode': flag(false),
  'load-balancer-l2-interfaces': text(),
  'load-balancer-bgp-mode': flag(false),
  'load-balancer-bgp-local-asn': whole(64512),
  'load-balancer-bgp-peer-address': text(),
  'load-balancer-bgp-peer-asn': whole(64513),
  'load-balancer-bgp-peer-port': whole(179),
  'local-storage-enabled': flag(true),
  'local-storage-local-path': text('/var/snap/k8s/common/rawfile-storage'),
  'local-storage-reclaim-policy': text('Delete'),
  'metrics-server-enabled': flag(true),
  'network-enabled': flag(true),
  'unready-pod-namespaces': text('kube-system metallb-system'),
};

/** Those of theirs that are here, and the new ones; Juju refuses a refresh that changes the interface or role of one in use. */
const endpoints = {
  k8s: {
    peers: { cluster: 'k8s-cluster', upgrade: 'upgrade' },
    provides: { 'k8s-cluster': 'k8s-cluster', containerd: 'containerd', 'send-ca-cert': 'certificate_transfer' },
    requires: { certificates: 'tls-certificates', etcd: 'etcd' },
  },
  'k8s-worker': {
    peers: { upgrade: 'upgrade' },
    requires: { certificates: 'tls-certificates', cluster: 'k8s-cluster', containerd: 'containerd' },
  },
};

describe.each([
  ['k8s', '.', controlPlaneOptions],
  ['k8s-worker', 'charm/worker', workerOptions],
] as const)('%s', (charm, folder, existing) => {
  const read = async (name: string) => mapping(parse(await readFile(join(repository, folder, name), 'utf8')));

  it('has the options of the existing charm, of the same type and default', async () => {
    const options = mapping((await read('config.yaml'))['options']);
    const same = Object.keys(existing).map((name) => {
      const { type, default: initial } = mapping(options[name] ?? {});
      return [name, { type, default: initial }] as const;
    });
    expect(Object.fromEntries(same)).toEqual(existing);
  });

  it('has endpoints of the same role and interface', async () => {
    const metadata = await read('metadata.yaml');
    const interfaces = ['peers', 'provides', 'requires'].flatMap((role) => {
      const all = Object.entries(mapping(metadata[role] ?? {}));
      return all.length === 0
        ? []
        : [[role, Object.fromEntries(all.map(([name, one]) => [name, mapping(one)['interface']]))] as const];
    });
    expect(Object.fromEntries(interfaces)).toEqual(endpoints[charm]);
  });
});
