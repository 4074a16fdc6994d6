/**
 * Guards what is said of the policies of a cluster, control by control: of one as it is made, of one in which each control is broken, and of one
 * whose breaks the operator allows by name. All over HTTPS, from the lists of an API server.
 */

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiFacts } from '../../../../src/capabilities/hardening/policies/facts.ts';
import { TRAITS } from '../../../../src/capabilities/hardening/policies/pod-template.ts';
import { RULES } from '../../../../src/capabilities/hardening/policies/rules.ts';
import { type WatchedCluster, watchedCluster } from './cluster.ts';
import { type ApiControl, apiControls, verdictOf } from './controls.ts';
import { sabotage } from './sabotage.ts';

let cluster: WatchedCluster;
let controls: readonly ApiControl[];
let fresh: ApiFacts;
let broken: ApiFacts;

beforeAll(async () => {
  controls = await apiControls();
  cluster = await watchedCluster();
  fresh = await cluster.look();
  await sabotage(cluster);
  broken = await cluster.look();
});
afterAll(() => cluster.close());

describe('the catalogues and the rules', () => {
  it('name the same rules, and no parameter that a rule would pass over', () => {
    expect([...new Set(controls.map(({ rule }) => rule))].sort()).toEqual(Object.keys(RULES).sort());
    const known: Record<string, readonly string[]> = {
      'subjects-who-may': ['verbs', 'apiGroups', 'resources', 'others'],
      'pods-not-admitted': ['violation', 'level'],
      'system-namespaces': ['namespaces'],
      'namespaces-without-workloads': ['namespaces', 'kinds'],
    };
    for (const { id, rule, parameters } of controls) {
      expect(known[rule] ?? [], id).toEqual(expect.arrayContaining(Object.keys(parameters)));
      expect(TRAITS, id).toEqual(expect.arrayContaining([...(parameters['violation'] ?? [])]));
    }
  });
});

it('are all in the reference, and nothing else is', async () => {
  const text = await readFile(new URL('../../../../docs/reference/cluster-policies.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual(Object.keys(RULES).sort());
  const violations = /^What `violation` may be: ([^.]*)\./m.exec(text)?.[1] ?? '';
  expect([...violations.matchAll(/`([\w-]+)`/g)].map(([, name]) => name).sort()).toEqual([...TRAITS].sort());
});

describe('a cluster as k8sd makes one', () => {
  it('shows what it fails with', () => {
    expect(verdictOf(controls, 'default-service-accounts', fresh).evidence[0]).toEqual({
      what: 'ServiceAccount default/default',
      found: 'automountServiceAccountToken is not false',
      expected: 'automountServiceAccountToken: false',
    });
    expect(verdictOf(controls, 'pods-privileged', fresh)).toEqual({
      state: 'fail',
      reason: '1 pod or namespace at fault.',
      evidence: [{ what: 'Namespace default', found: 'admits them: privileged', expected: 'baseline' }],
      more: 0,
    });
  });
});

/** The control, its state, the piece of evidence that has to be there, and what it says. */
const breaks: readonly (readonly [id: string, state: string, what: string, found: string])[] = [
  [
    'users-service-account-tokens',
    'manual',
    'Secret team/old-token',
    'holds a token of a service account that never ends',
  ],
  ['users-bootstrap-tokens', 'fail', 'Secret kube-system/bootstrap-token-abcdef', 'is a bootstrap token'],
  ['rbac-cluster-admin', 'fail', 'ClusterRoleBinding ops', 'cluster-admin to Group ops'],
  ['rbac-cluster-admin', 'fail', 'ClusterRoleBinding cluster-admin', 'cluster-admin to User mallory'],
  ['rbac-cluster-admin', 'fail', 'ClusterRole everything', 'every verb on every resource of every group'],
  [
    'rbac-read-secrets',
    'fail',
    'ServiceAccount monitoring/prometheus',
    'get of secrets in namespace team, by RoleBinding team/reads (ClusterRole secret-reader)',
  ],
  [
    'rbac-read-secrets',
    'fail',
    'Group system:authenticated',
    'everyone who has signed in; get of secrets in namespace open, by RoleBinding open/reads (ClusterRole secret-reader)',
  ],
  [
    'V-274884',
    'fail',
    'User mallory',
    'get, list, watch of secrets in the whole cluster, by ClusterRoleBinding cluster-admin (ClusterRole cluster-admin)',
  ],
  ['rbac-wildcards', 'fail', 'Role team/wild', '* in verbs'],
  [
    'rbac-create-pods',
    'manual',
    'User deployer',
    'create of deployments in namespace team, by RoleBinding team/deploys (Role deploys)',
  ],
  ['default-service-accounts', 'fail', 'ServiceAccount default/default', 'automountServiceAccountToken is not false'],
  ['default-service-accounts', 'fail', 'Pod team/default-account', 'runs as the default service account'],
  [
    'default-service-accounts',
    'fail',
    'RoleBinding team/default',
    'gives secret-lister to ServiceAccount team/default',
  ],
  ['service-account-token-mounts', 'fail', 'Pod team/mounts', 'has the token of ServiceAccount team/app mounted'],
  ['rbac-system-masters', 'fail', 'RoleBinding team/masters', 'gives view to Group system:masters'],
  [
    'rbac-system-masters',
    'fail',
    'CertificateSigningRequest becomes-master',
    'asks for a certificate in system:masters, made by mallory, pending',
  ],
  [
    'rbac-bind-escalate-impersonate',
    'fail',
    'User helpdesk',
    'impersonate of users in the whole cluster, by ClusterRoleBinding helpdesk (ClusterRole helpdesk)',
  ],
  [
    'rbac-create-persistent-volumes',
    'manual',
    'ServiceAccount team/provisioner',
    'create of persistentvolumes in the whole cluster, by ClusterRoleBinding provisioner (ClusterRole provisioner)',
  ],
  [
    'rbac-node-proxy',
    'manual',
    'Group debuggers',
    'get of nodes/proxy in the whole cluster, by ClusterRoleBinding debuggers (ClusterRole debuggers)',
  ],
  [
    'rbac-approve-certificate-requests',
    'manual',
    'User approver',
    'update of certificatesigningrequests/approval in the whole cluster, by ClusterRoleBinding approver (ClusterRole approver)',
  ],
  [
    'rbac-admission-webhooks',
    'manual',
    'User hooks',
    'patch of validatingwebhookconfigurations, mutatingwebhookconfigurations in the whole cluster, by ClusterRoleBinding hooks (ClusterRole hooks)',
  ],
  [
    'rbac-create-service-account-tokens',
    'manual',
    'User minter',
    'create of serviceaccounts/token in namespace team, by RoleBinding team/mints (Role mints)',
  ],
  ['pod-security-policy', 'fail', 'Namespace team', 'privileged'],
  ['pods-privileged', 'fail', 'Pod team/privileged', 'container setup: privileged is true'],
  ['pods-host-pid', 'fail', 'Pod team/host', 'hostPID is true'],
  ['pods-host-ipc', 'fail', 'Pod team/host', 'hostIPC is true'],
  ['pods-host-network', 'fail', 'Pod team/host', 'hostNetwork is true'],
  [
    'pods-privilege-escalation',
    'fail',
    'Pod team/debugged',
    'container debugger: allowPrivilegeEscalation is not false',
  ],
  ['pods-root', 'fail', 'Pod team/root', 'container app: runAsUser is 0'],
  ['pods-net-raw', 'fail', 'Pod team/raw', 'container app: capabilities.add has NET_RAW'],
  ['pods-added-capabilities', 'fail', 'Pod team/raw', 'container app: capabilities.add has NET_RAW'],
  ['pods-assigned-capabilities', 'fail', 'Pod team/keeps', 'container app: capabilities.drop lacks ALL'],
  ['pods-windows-host-process', 'fail', 'Pod team/windows', 'container app: windowsOptions.hostProcess is true'],
  ['pods-host-path', 'fail', 'Pod team/host', 'volume etc: hostPath /etc'],
  ['pods-host-ports', 'fail', 'Pod team/ports', 'container app: hostPort 8080'],
  ['network-policy-support', 'fail', 'ConfigMap kube-system/cilium-config', 'enable-policy is never'],
  ['network-policies', 'fail', 'Namespace team', 'no NetworkPolicy'],
  ['secrets-in-environment', 'fail', 'Deployment team/web', 'container app: PASSWORD from Secret db'],
  ['secrets-in-environment', 'fail', 'CronJob team/nightly', 'container app: all of Secret db'],
  ['V-242415', 'fail', 'Pod team/environment', 'container app: PASSWORD from Secret db'],
  ['namespaces-for-workloads', 'manual', 'Pod default/stray', 'in the default namespace'],
  ['pods-seccomp', 'fail', 'Pod team/unconfined', 'container app: seccompProfile is Unconfined'],
  ['pods-security-context', 'manual', 'Pod team/writes', 'container app: lacks readOnlyRootFilesystem: true'],
  ['namespace-default', 'fail', 'ConfigMap default/settings', 'exists'],
  ['namespace-default', 'fail', 'Widget default/one', 'exists'],
  ['V-242383', 'fail', 'Pod default/stray', 'exists'],
  ['V-242383', 'fail', 'Service kube-public/web', 'exists'],
  ['V-242395', 'fail', 'Pod team/dashboard', 'is the Kubernetes dashboard'],
  ['V-242414', 'fail', 'Pod team/host', 'container app: host port 80'],
  ['V-242417', 'fail', 'Pod kube-system/miner', 'made by itself'],
  ['V-242442', 'fail', 'image ghcr.io/canonical/coredns', '1.11.0-ck0, 1.12.4-ck1'],
  ['V-242443', 'fail', 'Node old', 'kubelet v1.32.9'],
  ['V-274883', 'manual', 'ConfigMap team/app', 'keys DB_PASSWORD, blob'],
  ['V-274883', 'manual', 'Pod team/environment', 'container app: API_KEY in plain text'],
];

describe('a cluster in which every control is broken', () => {
  it.each(breaks)('%s is %s for %s: %s', (id, state, what, found) => {
    const verdict = verdictOf(controls, id, broken);
    expect(verdict.state).toBe(state);
    const told = verdict.evidence.filter((one) => one.what === what).map((one) => one.found);
    expect(told).toContain(found);
  });

  it('is broken in all of them', () => {
    const informative = ['secrets-external-storage', 'image-provenance'];
    expect([...new Set([...breaks.map(([id]) => id), ...informative])].sort()).toEqual(
      [...new Set(controls.map(({ id }) => id))].sort(),
    );
  });

  it('is not accused for what is as it should be', () => {
    const all = controls.flatMap(({ id }) => verdictOf(controls, id, broken).evidence.map(({ what }) => what));
    for (const what of [
      'Pod team/careful',
      'Pod team/done',
      'Pod kube-system/cilium-0',
      'ServiceAccount kube-system/cilium-operator',
      'ServiceAccount kube-system/ck-storage-rawfile-csi-driver',
      'ServiceAccount kube-system/persistent-volume-binder',
      'ClusterRole cilium-operator',
      'CertificateSigningRequest refused',
      'CertificateSigningRequest harmless',
      'ServiceAccount team/quiet',
    ])
      expect(all).not.toContain(what);
    // In a namespace, a role with all rights gives none to what is in no namespace.
    const told = verdictOf(controls, 'rbac-create-persistent-volumes', broken).evidence.map(({ what }) => what);
    expect(told).not.toContain('Group team-admins');
    expect(verdictOf(controls, 'rbac-read-secrets', broken).evidence.map(({ what }) => what)).toContain(
      'Group team-admins',
    );
  });

  it('does not take a label for a proof', () => {
    const told = verdictOf(controls, 'rbac-read-secrets', broken).evidence.map(({ what }) => what);
    expect(told).toEqual(expect.arrayContaining(['User forger', 'ServiceAccount team/helm']));
    const wild = verdictOf(controls, 'rbac-wildcards', broken).evidence.map(({ what }) => what);
    expect(wild).toEqual(expect.arrayContaining(['ClusterRole forged', 'ClusterRole annotated']));
    const mounting = verdictOf(controls, 'service-account-token-mounts', broken).evidence.map(({ what }) => what);
    expect(mounting).toContain('Pod team/disguised');
  });

  it('is told of without any content of Secrets, ConfigMaps and environments', () => {
    const told = JSON.stringify(controls.map(({ id }) => verdictOf(controls, id, broken)));
    expect(told).not.toMatch(/hunter2|AKIA/);
    expect(JSON.stringify(broken)).not.toMatch(/hunter2|AKIA/);
  });

  it('passes with what the operator allows by name, one by one', () => {
    for (const { id } of controls) {
      const { state, evidence, more } = verdictOf(controls, id, broken);
      expect([id, more]).toEqual([id, 0]);
      if (state === 'not-applicable' || evidence.length === 0 || id === 'network-policy-support') continue;
      const allow = evidence.map(({ what }) => what);
      const after = verdictOf(controls, id, broken, allow);
      const hints = ['users-service-account-tokens', 'V-274883'].includes(id);
      expect([id, after.state, after.evidence]).toEqual([id, hints ? 'manual' : 'pass', []]);
      expect(after.reason).toContain(`${evidence.length} allowed by a waiver`);
    }
  });

  it('fails with what is left, where the operator has said who may', () => {
    const before = verdictOf(controls, 'rbac-node-proxy', broken);
    expect(before.state).toBe('manual');
    const left = verdictOf(controls, 'rbac-node-proxy', broken, ['Group nobody*', 'User mall*']);
    expect(left.state).toBe('fail');
    expect(before.evidence.map(({ what }) => what).filter((what) => what !== 'User mallory')).toEqual(
      left.evidence.map(({ what }) => what),
    );
    // A binding stands for its subjects, and a controller for its pods.
    const allow = ['ClusterRoleBinding *', 'RoleBinding team/*'];
    expect(verdictOf(controls, 'rbac-create-persistent-volumes', broken, allow).state).toBe('pass');
    expect(
      verdictOf(controls, 'secrets-in-environment', broken, ['Deployment team/web', 'CronJob *', 'Pod team/*']).state,
    ).toBe('pass');
  });
});
