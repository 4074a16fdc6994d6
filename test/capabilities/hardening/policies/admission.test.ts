/** Guards what keeps pods out of namespaces: labels, the API server's own configuration, policy engines; and other things that are there or not. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NodeFacts } from '../../../../src/capabilities/hardening/node-facts.ts';
import { ownConfiguration } from '../../../../src/capabilities/hardening/own-configuration.ts';
import type { OwnConfiguration } from '../../../../src/capabilities/hardening/policies/facts.ts';
import { customResourceDefinition } from '../../../standins/machines/kubernetes/custom-resources.ts';
import { typeOf } from '../../../standins/machines/kubernetes/resources.ts';
import { PLAIN_CONFIGURATION, pod, podWith, type WatchedCluster, watchedCluster } from './cluster.ts';
import { type ApiControl, apiControls, verdictOf } from './controls.ts';

let cluster: WatchedCluster;
let controls: readonly ApiControl[];
beforeAll(async () => {
  [cluster, controls] = await Promise.all([watchedCluster(), apiControls()]);
  for (const name of ['a', 'b', 'c']) cluster.add('pods', pod(name, 'careful'));
  label('default', 'restricted');
});
afterAll(() => cluster.close());

function label(namespace: string, level: string | undefined): void {
  cluster.store.change(typeOf('namespaces'), '', namespace, ({ metadata }) => {
    const { 'pod-security.kubernetes.io/enforce': _before, ...others } = metadata.labels ?? {};
    metadata.labels = level === undefined ? others : { ...others, 'pod-security.kubernetes.io/enforce': level };
  });
}

type PodSecurity = OwnConfiguration['podSecurity'];

async function verdict(id: string, podSecurity: Partial<PodSecurity> = {}) {
  const facts = await cluster.look({ podSecurity: { ...PLAIN_CONFIGURATION.podSecurity, ...podSecurity } });
  return verdictOf(controls, id, facts);
}

/** Namespaces that a control finds open. */
async function open(id: string, podSecurity: Partial<PodSecurity> = {}): Promise<readonly string[]> {
  const { evidence } = await verdict(id, podSecurity);
  return evidence.map(({ what }) => what.replace('Namespace ', ''));
}

const BASELINE = 'pods-privileged';
const RESTRICTED = 'pods-root';

describe('what a namespace admits', () => {
  it('is what its label says, else what the API server enforces, else everything', async () => {
    label('a', 'baseline');
    label('b', 'privileged');
    expect(await open(BASELINE)).toEqual(['b', 'c']);
    expect(await open(RESTRICTED)).toEqual(['a', 'b', 'c']);
    expect(await open(BASELINE, { enforce: 'baseline' })).toEqual(['b']);
    expect(await open(RESTRICTED, { enforce: 'restricted' })).toEqual(['a', 'b']);
    // Kubernetes takes what is no level for the strictest one.
    label('b', 'strict');
    expect(await open(RESTRICTED, { enforce: 'restricted' })).toEqual(['a']);
    expect(await open(BASELINE, { enforce: 'restricted', active: false })).toEqual(['a', 'b', 'c', 'default']);
    expect(await open('pod-security-policy')).toEqual(['c']);
  });

  it('may be everything where somebody has said so, and is told then', async () => {
    label('b', undefined);
    const exempt = { enforce: 'baseline', exemptNamespaces: ['b', 'c'], documentedExemptions: ['b'] } as const;
    expect(await open(BASELINE, exempt)).toEqual(['c']);
    const all = await verdict(BASELINE, { ...exempt, documentedExemptions: ['b', 'c'] });
    expect([all.state, all.reason]).toEqual([
      'pass',
      'No namespace of users admits such pods, and there are none; exempt by configuration: b, c.',
    ]);
  });

  it('is the snap’s own business where one of its features has made the namespace', async () => {
    cluster.add('namespaces', {
      metadata: {
        name: 'cilium-secrets',
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'meta.helm.sh/release-name': 'ck-network', 'meta.helm.sh/release-namespace': 'kube-system' },
      },
    });
    expect(await open(BASELINE)).not.toContain('cilium-secrets');
    expect(await open('network-policies')).not.toContain('cilium-secrets');
  });

  it('counts for nothing while a pod from before is still there', async () => {
    label('c', 'restricted');
    cluster.add('pods', podWith('c', 'old', { securityContext: { privileged: true } }));
    expect(await verdict(BASELINE, { enforce: 'baseline' })).toMatchObject({
      state: 'fail',
      evidence: [{ what: 'Pod c/old', found: 'container app: privileged is true' }],
    });
    cluster.store.delete(typeOf('pods'), 'c', 'old');
  });

  it('is for a person to look up where a policy engine is asked, as far as it is', async () => {
    const podRules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['pods'] }];
    const webhook = (name: string, rules: readonly object[]) => ({
      name,
      rules,
      namespaceSelector: {
        matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: ['c'] }],
      },
    });
    label('a', undefined);
    label('c', undefined);
    cluster.add('validatingwebhookconfigurations', {
      metadata: { name: 'gatekeeper-validating-webhook-configuration' },
      webhooks: [
        webhook('validation.gatekeeper.sh', podRules),
        webhook('check-ignore-label.gatekeeper.sh', [{ ...podRules[0], resources: ['namespaces'] }]),
      ],
    });
    // One that has nothing to do with what pods may do.
    cluster.add('validatingwebhookconfigurations', {
      metadata: { name: 'quota' },
      webhooks: [{ name: 'quota.example.com', rules: podRules }],
    });
    expect(await open('pod-security-policy')).toEqual(['c']);
    expect(await open(BASELINE)).toEqual(['c']);
    label('c', 'restricted');
    expect(await verdict('pod-security-policy')).toMatchObject({ state: 'pass' });
    expect(await verdict(BASELINE)).toMatchObject({
      state: 'manual',
      evidence: [
        {
          what: 'ValidatingWebhookConfiguration gatekeeper-validating-webhook-configuration',
          found: 'is asked when pods are made',
        },
      ],
    });
    cluster.store.delete(typeOf('validatingwebhookconfigurations'), '', 'gatekeeper-validating-webhook-configuration');
  });

  it('may be a matter of policies in the API server, where they are bound and deny', async () => {
    cluster.add('validatingadmissionpolicies', {
      metadata: { name: 'no-latest' },
      spec: { matchConstraints: { resourceRules: [{ apiGroups: ['*'], operations: ['*'], resources: ['*'] }] } },
    });
    expect(await open('pod-security-policy')).toEqual(['a', 'b']);
    const bound = (name: string, validationActions: readonly string[], namespace: string) =>
      cluster.add('validatingadmissionpolicybindings', {
        metadata: { name },
        spec: {
          policyName: 'no-latest',
          validationActions,
          matchResources: { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } } },
        },
      });
    bound('warn', ['Warn', 'Audit'], 'a');
    bound('deny', ['Deny'], 'b');
    expect(await open('pod-security-policy')).toEqual(['a']);
  });
});

const encryption = {
  kind: 'EncryptionConfiguration',
  resources: [{ resources: ['secrets'], providers: ['kms', 'identity'] }],
};

describe('the own configuration', () => {
  const facts = (flags: Record<string, string>, value: unknown): NodeFacts => {
    const none = { file: undefined, process: undefined, inUse: undefined };
    const services = {
      'kube-apiserver': { ...none, file: {}, process: flags },
      'kube-controller-manager': none,
      'kube-scheduler': none,
      'kube-proxy': none,
      kubelet: { ...none, file: { '--seccomp-default': 'true' } },
      etcd: none,
    };
    const policies = { '/admission.yaml': { value }, '/enc.yaml': { value: encryption } };
    const nothing = { files: {}, missing: [], digests: {}, sysctls: {}, units: undefined };
    return { role: 'control-plane', version: '1.36.4', services, policies, ...nothing, exemptNamespaces: ['storage'] };
  };

  it('is that of the running API server', () => {
    const plugin = {
      name: 'PodSecurity',
      configuration: { defaults: { enforce: 'baseline' }, exemptions: { namespaces: ['kube-system', 'storage'] } },
    };
    const flags = {
      '--admission-control-config-file': '/admission.yaml',
      '--encryption-provider-config': '/enc.yaml',
      '--enable-admission-plugins': 'NodeRestriction,ImagePolicyWebhook',
    };
    expect(ownConfiguration('n', facts(flags, { plugins: [{ name: 'EventRateLimit' }, plugin] }))).toEqual({
      node: 'n',
      podSecurity: {
        active: true,
        enforce: 'baseline',
        exemptNamespaces: ['kube-system', 'storage'],
        documentedExemptions: ['storage'],
      },
      admissionPlugins: ['NodeRestriction', 'ImagePolicyWebhook'],
      seccompDefault: true,
      kms: true,
    });
  });

  it('admits everything without a file, with one that says nothing of it, and with the plugin off', () => {
    for (const value of [undefined, null, 'x', { plugins: 'x' }, { plugins: [{ name: 'PodSecurity' }] }]) {
      const own = ownConfiguration('n', facts({ '--admission-control-config-file': '/admission.yaml' }, value));
      expect(own.podSecurity).toMatchObject({ enforce: 'privileged', exemptNamespaces: [] });
    }
    expect(ownConfiguration('n', facts({ '--disable-admission-plugins': 'PodSecurity' }, undefined))).toMatchObject({
      podSecurity: { active: false, enforce: 'privileged' },
    });
  });

  it('tells of seccomp profiles on its own node, and of no other', async () => {
    const unconfined = (name: string, nodeName: string) =>
      cluster.add('pods', pod('a', name, { nodeName, securityContext: { runAsNonRoot: true } }));
    unconfined('here', 'here');
    expect(verdictOf(controls, 'pods-seccomp', await cluster.look())).toMatchObject({ state: 'fail' });
    const own = { node: 'here', seccompDefault: true };
    expect(verdictOf(controls, 'pods-seccomp', await cluster.look(own))).toMatchObject({ state: 'pass' });
    unconfined('there', 'there');
    expect(verdictOf(controls, 'pods-seccomp', await cluster.look(own))).toMatchObject({
      state: 'manual',
      evidence: [{ what: 'Pod a/there' }],
    });
  });
});

describe('networks', () => {
  it('that enforce no policy are told, and unknown ones are for a person to look up', async () => {
    const state = async () => verdictOf(controls, 'network-policy-support', await cluster.look());
    cluster.store.change(typeOf('daemonsets'), 'kube-system', 'cilium', (present) => {
      present['status'] = { desiredNumberScheduled: 3, numberReady: 2 };
    });
    expect(await state()).toMatchObject({
      state: 'fail',
      evidence: [{ what: 'DaemonSet kube-system/cilium', found: 'ready on 2 of 3 nodes' }],
    });
    cluster.store.delete(typeOf('daemonsets'), 'kube-system', 'cilium');
    expect(await state()).toMatchObject({ state: 'manual' });
  });

  it('have policies by namespace, of Kubernetes or of Cilium, or for all of them', async () => {
    const without = async () => (await verdict('network-policies')).evidence.map(({ what }) => what);
    expect(await without()).toEqual(['a', 'b', 'c', 'default'].map((name) => `Namespace ${name}`));
    cluster.add('networkpolicies', { metadata: { namespace: 'a', name: 'deny' }, spec: { podSelector: {} } });
    cluster.add('ciliumnetworkpolicies', { metadata: { namespace: 'b', name: 'deny' } });
    const clusterwide = (name: string, endpointSelector: object) =>
      cluster.add('ciliumclusterwidenetworkpolicies', { metadata: { name }, spec: { endpointSelector } });
    clusterwide('some', { matchLabels: { app: 'web' } });
    expect(await without()).toEqual(['Namespace c', 'Namespace default']);
    clusterwide('all', {});
    expect(await verdict('network-policies')).toMatchObject({
      state: 'pass',
      reason: 'Policies for all namespaces: CiliumClusterwideNetworkPolicy all.',
    });
  });
});

describe('what an organisation has decided', () => {
  it('shows in stores of secrets outside of the cluster', async () => {
    const state = async (kms = false) =>
      verdictOf(controls, 'secrets-external-storage', await cluster.look({ kms })).state;
    expect(await state()).toBe('manual');
    expect(await state(true)).toBe('pass');
    cluster.add(
      'customresourcedefinitions',
      customResourceDefinition('external-secrets.io', 'v1', 'externalsecrets', 'ExternalSecret'),
    );
    expect(await state()).toBe('pass');
  });

  it('shows in what verifies images', async () => {
    const state = async (admissionPlugins: readonly string[] = []) =>
      verdictOf(controls, 'image-provenance', await cluster.look({ admissionPlugins })).state;
    expect(await state()).toBe('manual');
    expect(await state(['ImagePolicyWebhook'])).toBe('pass');
    cluster.add(
      'customresourcedefinitions',
      customResourceDefinition('kyverno.io', 'v1', 'clusterpolicies', 'ClusterPolicy', 'Cluster'),
    );
    cluster.add('clusterpolicies', { metadata: { name: 'labels' }, spec: { rules: [{ name: 'x', validate: {} }] } });
    expect(await state()).toBe('manual');
    cluster.add('clusterpolicies', {
      metadata: { name: 'signed' },
      spec: { rules: [{ name: 'x', verifyImages: [{}] }] },
    });
    expect(await state()).toBe('pass');
  });
});
