/** Objects that break every control over the policies of a cluster, and some that look as if they did. */

import { customResourceDefinition } from '../../../standins/machines/kubernetes/custom-resources.ts';
import { typeOf } from '../../../standins/machines/kubernetes/resources.ts';
import { makeSigningRequest } from '../../../standins/machines/pki/issue.ts';
import { openKeyPool } from '../../../standins/machines/pki/keys.ts';
import {
  account,
  binding,
  carefulContainer,
  carefulPod,
  group,
  pod,
  podWith,
  role,
  user,
  type WatchedCluster,
} from './cluster.ts';

export async function sabotage({ add, store }: WatchedCluster): Promise<void> {
  add('pods', pod('team', 'careful'));
  await sabotageAccess({ add, store });
  sabotagePods(add);
  sabotageRest({ add, store });
}

async function sabotageAccess({ add, store }: Pick<WatchedCluster, 'add' | 'store'>): Promise<void> {
  const grant = (name: string, rules: readonly object[], subject: object) => {
    add('clusterroles', role(name, rules));
    add('clusterrolebindings', binding(name, name, [subject]));
  };
  const team = (name: string, rules: readonly object[], subject: object) => {
    add('roles', role(name, rules, { namespace: 'team' }));
    const bound = binding(name, name, [subject], { namespace: 'team' });
    add('rolebindings', { ...bound, roleRef: { ...(bound['roleRef'] as object), kind: 'Role' } });
  };
  add('clusterroles', role('everything', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]));
  add('clusterrolebindings', binding('ops', 'cluster-admin', [group('ops')]));
  store.change(typeOf('clusterrolebindings'), '', 'cluster-admin', (present) => {
    (present['subjects'] as object[]).push(user('mallory'));
  });
  add(
    'clusterroles',
    role('secret-reader', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['db'] }]),
  );
  add(
    'clusterroles',
    role('secret-lister', [{ apiGroups: [''], resources: ['secrets'], verbs: ['list'], resourceNames: ['db'] }]),
  );
  add('rolebindings', binding('reads', 'secret-reader', [account('monitoring', 'prometheus')], { namespace: 'team' }));
  add('rolebindings', binding('lists', 'secret-lister', [account('team', 'quiet')], { namespace: 'team' }));
  add('rolebindings', binding('reads', 'secret-reader', [group('system:authenticated')], { namespace: 'open' }));
  add(
    'rolebindings',
    binding('default', 'secret-lister', [{ kind: 'ServiceAccount', name: 'default' }], { namespace: 'team' }),
  );
  add('rolebindings', binding('masters', 'view', [group('system:masters')], { namespace: 'team' }));
  add('rolebindings', binding('admins', 'everything', [group('team-admins')], { namespace: 'team' }));
  add('clusterrolebindings', binding('gone', 'no-such-role', [user('nobody')]));
  team('wild', [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['*'] }], user('nobody'));
  team('deploys', [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['create'] }], user('deployer'));
  team(
    'mints',
    [{ apiGroups: [''], resources: ['*/token'], verbs: ['create'], resourceNames: ['app'] }],
    user('minter'),
  );
  grant(
    'helpdesk',
    [{ apiGroups: [''], resources: ['users'], verbs: ['impersonate'], resourceNames: ['bob'] }],
    user('helpdesk'),
  );
  grant(
    'provisioner',
    [{ apiGroups: [''], resources: ['persistentvolumes'], verbs: ['create'] }],
    account('team', 'provisioner'),
  );
  grant('debuggers', [{ apiGroups: [''], resources: ['nodes/proxy'], verbs: ['get'] }], group('debuggers'));
  const approval = ['certificatesigningrequests/approval'];
  grant('approver', [{ apiGroups: ['certificates.k8s.io'], resources: approval, verbs: ['update'] }], user('approver'));
  grant('hooks', [{ apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['patch'] }], user('hooks'));
  const forged = { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };
  add('clusterroles', role('forged', [{ apiGroups: ['*'], resources: ['pods'], verbs: ['get'] }], forged));
  add('clusterrolebindings', binding('system:forged', 'view-secrets', [user('forger')], forged));
  add('clusterroles', role('view-secrets', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]));
  const release = {
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: { 'meta.helm.sh/release-name': 'ck-dns', 'meta.helm.sh/release-namespace': 'kube-system' },
  };
  add('clusterrolebindings', binding('helm', 'view-secrets', [account('team', 'helm')], release));
  const { annotations } = release;
  add('clusterroles', role('annotated', [{ apiGroups: ['*'], resources: ['pods'], verbs: ['get'] }], { annotations }));
  const csr = (name: string, pem: string, conditions: readonly object[]) =>
    add('certificatesigningrequests', {
      metadata: { name },
      spec: {
        request: Buffer.from(pem).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        username: 'mallory',
      },
      status: { conditions },
    });
  const keys = openKeyPool(140);
  const master = await makeSigningRequest(
    { commonName: 'mallory', organizations: ['system:masters'] },
    await keys.draw(),
    [],
  );
  csr('becomes-master', master, []);
  csr('refused', master, [{ type: 'Denied', status: 'True' }]);
  csr(
    'harmless',
    await makeSigningRequest({ commonName: 'system:masters', organizations: ['team'] }, await keys.draw(), []),
    [],
  );
}

function sabotagePods(add: WatchedCluster['add']): void {
  add('serviceaccounts', { metadata: { namespace: 'team', name: 'app' } });
  add('pods', pod('team', 'default-account', { serviceAccountName: 'default' }));
  add('pods', pod('team', 'mounts', { automountServiceAccountToken: undefined }));
  const disguise = { labels: { 'k8s-app': 'coredns' } };
  add('pods', pod('team', 'disguised', { automountServiceAccountToken: undefined }, disguise));
  const privileged = { ...carefulContainer, name: 'setup' };
  add(
    'pods',
    pod('team', 'privileged', {
      initContainers: [{ ...privileged, securityContext: { ...privileged.securityContext, privileged: true } }],
    }),
  );
  add(
    'pods',
    podWith(
      'team',
      'host',
      { ports: [{ containerPort: 80 }] },
      {
        hostPID: true,
        hostIPC: true,
        hostNetwork: true,
        volumes: [
          { name: 'etc', hostPath: { path: '/etc' } },
          { name: 'tmp', emptyDir: {} },
        ],
      },
    ),
  );
  add('pods', pod('team', 'debugged', { ephemeralContainers: [{ name: 'debugger', image: 'busybox:1' }] }));
  const context = (changed: object) => ({ securityContext: { ...carefulContainer.securityContext, ...changed } });
  add('pods', podWith('team', 'root', context({ runAsUser: 0 })));
  add('pods', podWith('team', 'raw', context({ capabilities: { add: ['CAP_NET_RAW'], drop: ['ALL'] } })));
  add('pods', podWith('team', 'keeps', context({ capabilities: { drop: ['NET_RAW'] } })));
  add(
    'pods',
    podWith(
      'team',
      'windows',
      { securityContext: { windowsOptions: { hostProcess: true } } },
      { os: { name: 'windows' } },
    ),
  );
  add('pods', podWith('team', 'ports', { ports: [{ containerPort: 80, hostPort: 8080 }] }));
  add('pods', podWith('team', 'unconfined', context({ seccompProfile: { type: 'Unconfined' } })));
  add('pods', podWith('team', 'writes', context({ readOnlyRootFilesystem: false })));
  const secretKeyRef = { name: 'db', key: 'password' };
  const env = [
    { name: 'PASSWORD', valueFrom: { secretKeyRef } },
    { name: 'API_KEY', value: 'hunter2' },
    { name: 'PASSWORD_FILE', value: '/run/secrets/password' },
  ];
  add('pods', podWith('team', 'environment', { env }));
  const template = (container: object) => ({
    spec: { ...carefulPod, containers: [{ ...carefulContainer, ...container }] },
  });
  add('deployments', {
    metadata: { namespace: 'team', name: 'web' },
    spec: { template: template({ env: env.slice(0, 1) }) },
  });
  add('cronjobs', {
    metadata: { namespace: 'team', name: 'nightly' },
    spec: { jobTemplate: { spec: { template: template({ envFrom: [{ secretRef: { name: 'db' } }] }) } } },
  });
  const owner = {
    ownerReferences: [{ kind: 'ReplicaSet', name: 'web-12ab', controller: true }],
    labels: { 'pod-template-hash': '12ab' },
  };
  add('pods', {
    ...podWith('team', 'web-12ab-x', { env: env.slice(0, 1) }),
    metadata: { namespace: 'team', name: 'web-12ab-x', ...owner },
  });
  add('pods', {
    ...podWith('team', 'done', { securityContext: { privileged: true } }),
    status: { phase: 'Succeeded' },
  });
  add('pods', pod('default', 'stray'));
  add('pods', pod('team', 'dashboard', {}, { labels: { 'k8s-app': 'kubernetes-dashboard' } }));
  add('pods', podWith('kube-system', 'miner', { image: 'ghcr.io/canonical/coredns:1.11.0-ck0' }));
}

function sabotageRest({ add, store }: Pick<WatchedCluster, 'add' | 'store'>): void {
  const secret = (namespace: string, name: string, type: string) =>
    add('secrets', { metadata: { namespace, name }, type, data: { token: Buffer.from('hunter2').toString('base64') } });
  secret('team', 'old-token', 'kubernetes.io/service-account-token');
  secret('kube-system', 'bootstrap-token-abcdef', 'bootstrap.kubernetes.io/token');
  secret('team', 'db', 'Opaque');
  add('configmaps', {
    metadata: { namespace: 'team', name: 'app' },
    data: { DB_PASSWORD: 'hunter2', blob: 'AKIAABCDEFGHIJKLMNOP', motd: 'hello' },
  });
  add('configmaps', { metadata: { namespace: 'default', name: 'settings' }, data: {} });
  add('customresourcedefinitions', customResourceDefinition('example.com', 'v1beta1', 'widgets', 'Widget'));
  add('widgets', { metadata: { namespace: 'default', name: 'one' } });
  add('services', { metadata: { namespace: 'kube-public', name: 'web' } });
  add('nodes', {
    metadata: { name: 'old' },
    status: { nodeInfo: { kubeletVersion: 'v1.32.9', operatingSystem: 'windows' } },
  });
  store.change(typeOf('configmaps'), 'kube-system', 'cilium-config', (present) => {
    present['data'] = { 'enable-policy': 'never' };
  });
}
