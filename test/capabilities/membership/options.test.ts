import { describe, expect, it } from 'vitest';
import { readControlPlaneOptions, readWorkerOptions } from '../../../src/capabilities/membership/options.ts';
import type { RawOptions } from '../../../src/core/options.ts';
import { configured } from './facts.ts';

const read = (set: RawOptions) => readControlPlaneOptions(configured('control-plane', set));

describe('the default configuration', () => {
  it('of the control plane has no problem, and says to k8sd what the existing charm says', () => {
    const { value, problems } = read({});
    expect(problems).toEqual([]);
    expect(value).toMatchObject({
      snapChannel: '1.36-classic/stable',
      datastore: 'managed-etcd',
      podCidr: '10.1.0.0/16',
      serviceCidr: '10.152.183.0/24',
      unreadyPodNamespaces: ['kube-system', 'metallb-system'],
      features: {
        network: { enabled: true },
        dns: { enabled: true, 'cluster-domain': 'cluster.local', 'upstream-nameservers': ['/etc/resolv.conf'] },
        gateway: { enabled: false },
        ingress: { enabled: false, 'default-tls-secret': '', 'enable-proxy-protocol': false },
        'local-storage': {
          enabled: true,
          'local-path': '/var/snap/k8s/common/rawfile-storage',
          'reclaim-policy': 'Delete',
        },
        'metrics-server': { enabled: true },
      },
    });
  });

  it('of the worker has no problem', () => {
    expect(readWorkerOptions(configured('worker')).problems).toEqual([]);
  });
});

describe('options that mean something', () => {
  it.each<[string, RawOptions, object]>([
    [
      '"auto" and nothing leave a range to the snap',
      { 'bootstrap-pod-cidr': 'auto', 'bootstrap-service-cidr': '' },
      { podCidr: undefined, serviceCidr: undefined },
    ],
    [
      'blanks in a pair of ranges go: k8sd would not know them',
      { 'bootstrap-pod-cidr': ' 10.1.0.0/16, fd01::/108 ' },
      { podCidr: '10.1.0.0/16,fd01::/108' },
    ],
    [
      'bits behind the prefix of a range go, as Kubernetes masks them',
      { 'bootstrap-service-cidr': '10.96.10.10/20' },
      { serviceCidr: '10.96.0.0/20' },
    ],
    [
      'no datastore is the default, as in the existing charms',
      { 'bootstrap-datastore': '' },
      { datastore: 'managed-etcd' },
    ],
    ['an external datastore', { 'bootstrap-datastore': 'etcd' }, { datastore: 'etcd' }],
    [
      'names once',
      { 'kube-apiserver-extra-sans': 'a.example 192.0.2.1 fd00::1 *.b.example a.example' },
      { extraSans: ['a.example', '192.0.2.1', 'fd00::1', '*.b.example'] },
    ],
    ['kube-proxy left to the network', { 'kube-proxy-enabled': 'auto' }, { features: { network: { enabled: true } } }],
    ['kube-proxy unset stays unset', {}, { features: { network: { enabled: true } } }],
    [
      'kube-proxy set',
      { 'kube-proxy-enabled': 'true', 'network-enabled': false },
      { features: { network: { enabled: false, 'kube-proxy-enabled': true } } },
    ],
    [
      'a DNS address',
      { 'dns-service-ip': ' 10.152.183.10 ' },
      { features: { dns: { 'service-ip': '10.152.183.10' } } },
    ],
    [
      'name servers',
      { 'dns-upstream-nameservers': '192.0.2.1 192.0.2.2' },
      { features: { dns: { 'upstream-nameservers': ['192.0.2.1', '192.0.2.2'] } } },
    ],
    [
      'name servers with schemes and ports, and a file of them',
      { 'dns-upstream-nameservers': 'tls://192.0.2.1:853 [2001:db8::1]:5353 fd00::0 /run/systemd/resolve/resolv.conf' },
      {
        features: {
          dns: {
            'upstream-nameservers': [
              'tls://192.0.2.1:853',
              '[2001:db8::1]:5353',
              'fd00::0',
              '/run/systemd/resolve/resolv.conf',
            ],
          },
        },
      },
    ],
    [
      'the arguments of etcd',
      { 'datastore-extra-args': 'quota-backend-bytes=8589934592' },
      { arguments: { etcd: { '--quota-backend-bytes': '8589934592' } } },
    ],
  ])('%s', (_, set, expected) => {
    const { value, problems } = read(set);
    expect(problems).toEqual([]);
    expect(value).toMatchObject(expected);
  });

  it.each(['latest/edge', '1.32-classic/stable', '1.40-classic/candidate', '1.36-classic/beta'])(
    'takes the channel %s',
    (channel) => {
      expect(read({ 'snap-channel': channel }).problems).toEqual([]);
    },
  );
});

describe('a line break at the end of an option', () => {
  const defaults = configured('control-plane');
  const texts = Object.entries(defaults).flatMap(([option, value]) =>
    typeof value === 'string' && value !== '' ? [[option, value] as const] : [],
  );

  it.each(texts)('%s is read without it: files and block scalars end with one', (option, value) => {
    expect(read({ [option]: `${value}\n` })).toEqual(read({ [option]: value }));
  });
});

describe('a bad option is named, with what is wrong and what would be right', () => {
  it.each<[string, RawOptions[string], string, RawOptions?]>([
    [
      'snap-channel',
      'stable',
      'is "stable", of which the track "stable" is not a version and -classic; set a channel such as 1.36-classic/stable',
    ],
    [
      'snap-channel',
      '1.36/stable',
      'is "1.36/stable", of which the track "1.36" does not exist; set 1.36-classic/stable',
    ],
    ['snap-channel', '1.38', 'is "1.38", of which the track "1.38" does not exist; set 1.38-classic/stable'],
    ['snap-channel', '1.36-classic', 'is "1.36-classic", which has no risk; set 1.36-classic/stable'],
    [
      'snap-channel',
      '1.36-classic/stabel',
      'is "1.36-classic/stabel", of which the risk "stabel" is none of stable, candidate, beta, edge; set 1.36-classic/stable',
    ],
    [
      'snap-channel',
      '1.36-classic/stable --dangerous',
      'is "1.36-classic/stable --dangerous", of which the risk "stable --dangerous" is none of stable, candidate, beta, edge; set 1.36-classic/stable',
    ],
    [
      'bootstrap-service-cidr',
      '10.152.183.0/24,fd98::/64',
      'has fd98::/64, which is too large; an IPv6 range of services is /108 or smaller',
    ],
    ['kube-proxy-enabled', 'sometimes', 'must be auto, true or false'],
    [
      'kube-apiserver-extra-args',
      'v=4,max-requests-inflight=600',
      'has a comma between --v and another argument; separate arguments by spaces',
    ],
    [
      'containerd-custom-registries',
      '[{"url": "https://r.example.com", "ca_file": "/etc/ssl/certs/ca.crt"}]',
      'item 1 has a ca_file that is not a certificate in PEM, encoded with base64; give it what "base64 -w0 FILE" prints',
    ],
    ['bootstrap-datastore', 'dqlite', 'must be managed-etcd or etcd'],
    ['bootstrap-certificates', 'self-signed', 'must be one of snap-managed, intermediate-ca, external, provided'],
    [
      'bootstrap-node-taints',
      'x',
      'has "x", which is not a taint such as key=value:NoSchedule (effects: NoSchedule, PreferNoSchedule, NoExecute)',
    ],
    ['bootstrap-pod-cidr', '10.1.0.0', 'has "10.1.0.0", which is not a CIDR such as 10.1.0.0/16'],
    [
      'bootstrap-service-cidr',
      '10.1.4.0/24',
      'shares addresses with bootstrap-pod-cidr; give ranges that do not overlap',
    ],
    ['cluster-annotations', 'x', 'has "x" without a value; write key=value'],
    [
      'containerd-custom-registries',
      '{',
      'is neither JSON nor YAML; write a list such as [{"url": "https://registry.example.com"}]',
    ],
    [
      'datastore-extra-args',
      'x=`id`',
      'gives --x a value with one of " ` $ \\, which the service\'s start script would interpret; take it out',
    ],
    ['dns-cluster-domain', 'cluster local', 'must be a DNS domain such as cluster.local'],
    ['dns-service-ip', '10.152.183', 'must be an IP address, or empty'],
    ['gateway-enabled', true, 'needs network-enabled to be true', { 'network-enabled': false }],
    ['ingress-enabled', true, 'needs network-enabled to be true', { 'network-enabled': false }],
    ['kube-proxy-enabled', 'true', 'must not be true while network-enabled is true'],
    [
      'kube-apiserver-extra-args',
      'v=$(id)',
      'gives --v a value with one of " ` $ \\, which the service\'s start script would interpret; take it out',
    ],
    ['kube-controller-manager-extra-args', 'cluster-name=x', 'must not have --cluster-name, which is set by the charm'],
    [
      'kube-scheduler-extra-args',
      'v=1 v=2',
      'has --v twice; the snap can give a flag once only; where it takes a list, separate the values by commas',
    ],
    [
      'kube-proxy-extra-args',
      '+=1',
      'has "+", which is not a flag name; write flag=value with letters, digits and dashes',
    ],
    ['kubelet-extra-args', 'v=\u0001', 'gives --v a value with a control character; take it out'],
    ['kube-apiserver-extra-sans', 'a_b.example', 'has "a_b.example", which is neither a DNS name nor an IP address'],
    ['kube-apiserver-extra-sans', 'fe80::1%eth0', 'has "fe80::1%eth0", which is neither a DNS name nor an IP address'],
    [
      'load-balancer-cidrs',
      '192.0.2.9-192.0.2.1',
      'has "192.0.2.9-192.0.2.1", which is neither a CIDR nor a range first-last',
    ],
    [
      'load-balancer-bgp-peer-address',
      '',
      'is needed while load-balancer-bgp-mode is true',
      { 'load-balancer-enabled': true, 'load-balancer-bgp-mode': true },
    ],
    [
      'load-balancer-bgp-local-asn',
      0,
      'is needed while load-balancer-bgp-mode is true',
      {
        'load-balancer-enabled': true,
        'load-balancer-bgp-mode': true,
        'load-balancer-bgp-peer-address': '192.0.2.1/32',
      },
    ],
    [
      'load-balancer-bgp-peer-asn',
      0,
      'is needed while load-balancer-bgp-mode is true',
      {
        'load-balancer-enabled': true,
        'load-balancer-bgp-mode': true,
        'load-balancer-bgp-peer-address': '192.0.2.1/32',
      },
    ],
    ['load-balancer-bgp-local-asn', -1, 'must be a whole number from 0 to 4294967295'],
    ['load-balancer-bgp-peer-asn', 4_294_967_296, 'must be a whole number from 0 to 4294967295'],
    [
      'load-balancer-bgp-peer-address',
      '',
      'is needed while load-balancer-bgp-mode is true',
      { 'load-balancer-enabled': false, 'load-balancer-bgp-mode': true },
    ],
    ['load-balancer-bgp-peer-address', 'router', 'must be an address or a CIDR such as 192.0.2.1/32'],
    ['load-balancer-l2-interfaces', 'eth0,eth1!', 'has "eth0,eth1!", which is not the name of a network interface'],
    ['dns-cluster-domain', '*.local', 'must be a DNS domain such as cluster.local'],
    [
      'dns-upstream-nameservers',
      '192.0.2.53 dns.example.com',
      'has "dns.example.com", which is neither the IP address of a name server nor the path of a file like /etc/resolv.conf',
    ],
    ['ingress-default-tls-secret', 'my secret', 'must be the name of a secret, or empty'],
    ['unready-pod-namespaces', 'kube-system ../x', 'has "../x", which is not the name of a namespace'],
    ['load-balancer-bgp-peer-port', 0, 'must be a whole number from 1 to 65535'],
    ['local-storage-local-path', 'storage', 'must be an absolute path'],
    ['local-storage-local-path', '/var/../etc', 'must be an absolute path'],
    ['local-storage-reclaim-policy', 'Recycle', 'must be Delete or Retain'],
    ['node-labels', 'zone', 'has "zone" without a value; write key=value'],
  ])('%s: %j', (option, value, message, others = {}) => {
    expect(read({ ...others, [option]: value }).problems).toEqual([{ option, message }]);
  });

  it.each<[string, RawOptions[string], string]>([
    ['snap-channel', '', 'is empty; set a channel such as 1.36-classic/stable'],
    [
      'kubelet-extra-args',
      'v=1 v=2',
      'has --v twice; the snap can give a flag once only; where it takes a list, separate the values by commas',
    ],
    [
      'kube-proxy-extra-args',
      'v="',
      'gives --v a value with one of " ` $ \\, which the service\'s start script would interpret; take it out',
    ],
    [
      'bootstrap-node-taints',
      'x',
      'has "x", which is not a taint such as key=value:NoSchedule (effects: NoSchedule, PreferNoSchedule, NoExecute)',
    ],
    ['node-labels', 'a=1 a=2', 'has a twice; give each key once'],
  ])('on a worker, too: %s', (option, value, message) => {
    expect(readWorkerOptions(configured('worker', { [option]: value })).problems).toEqual([{ option, message }]);
  });

  it('needs to know the service range where a provider issues the certificate for its first address', () => {
    const external = { 'bootstrap-certificates': 'external' };
    expect(read(external).problems).toEqual([]);
    expect(read({ ...external, 'bootstrap-service-cidr': 'auto' }).problems).toEqual([
      { option: 'bootstrap-service-cidr', message: expect.stringMatching(/^must name the range/) },
    ]);
  });

  it('needs no BGP peer beside those of an annotation', () => {
    const { problems } = read({
      'load-balancer-enabled': true,
      'load-balancer-bgp-mode': true,
      'cluster-annotations': 'k8sd/v1alpha1/metallb/bgp-peers=[{"peer-address":"192.0.2.1"}]',
    });
    expect(problems).toEqual([]);
  });

  it('tells of all that is wrong at once', () => {
    expect(read({ 'snap-channel': 'x', 'node-labels': 'y' }).problems.map(({ option }) => option)).toEqual([
      'snap-channel',
      'node-labels',
    ]);
  });
});
