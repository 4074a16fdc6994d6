/**
 * Guards what is said of the policies of a cluster, control by control: of one as it is made, of one in which each control is broken, and of one
 * whose breaks the operator allows by name. All over HTTPS, from the lists of an API server.
 */

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiFacts } from '../../../src/hardening/policies/facts.ts';
import { TRAITS } from '../../../src/hardening/policies/pod-template.ts';
import { RULES } from '../../../src/hardening/policies/rules.ts';
import { type WatchedCluster, watchedCluster } from './cluster.ts';
import { type ApiControl, apiControls, verdictOf } from './controls.ts';
import { sabotage } from './sabotage.ts';

let cluster: WatchedCluster;
let controls: readonly ApiControl[];
let fresh: ApiFacts;
let strict: ApiFacts;
let broken: ApiFacts;

beforeAll(async () => {
  controls = await apiControls();
  cluster = await watchedCluster();
  fresh = await cluster.look();
  strict = await cluster.look({
    podSecurity: {
      active: true,
      enforce: 'restricted',
      exemptNamespaces: ['kube-system', 'kube-public', 'metallb-system'],
      documentedExemptions: ['kube-system', 'kube-public', 'metallb-system'],
    },
  });
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
  const text = await readFile(new URL('../../../docs/reference/cluster-policies.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => name);
  expect(rows.toSorted()).toEqual(Object.keys(RULES).sort());
  const violations = /^What `violation` may be: ([^.]*)\./m.exec(text)?.[1] ?? '';
  expect([...violations.matchAll(/`([\w-]+)`/g)].map(([, name]) => name).sort()).toEqual([...TRAITS].sort());
});

describe('a cluster as k8sd makes one', () => {
  // No list proves these, or there is nothing yet to judge by.
  const manual = ['CIS-3.1.2', 'CIS-5.4.2', 'CIS-5.5.1', 'CIS-5.7.1', 'V-274883'];
  const states = (facts: ApiFacts) =>
    Object.fromEntries(controls.map(({ id }) => [id, verdictOf(controls, id, facts).state]));

  it('fails where nobody has set anything for the default namespace and its account, and passes the rest', () => {
    expect(states(fresh)).toEqual({
      ...Object.fromEntries(controls.map(({ id }) => [id, 'pass'])),
      ...Object.fromEntries(manual.map((id) => [id, 'manual'])),
      ...Object.fromEntries(controls.filter(({ rule }) => rule === 'pods-not-admitted').map(({ id }) => [id, 'fail'])),
      'CIS-5.1.5': 'fail',
      'CIS-5.2.1': 'fail',
      'CIS-5.2.11': 'not-applicable',
      'CIS-5.3.2': 'fail',
    });
  });

  it('passes what Pod Security is about once the API server enforces a level', () => {
    const before = states(fresh);
    const after = states(strict);
    const changed = Object.keys(after).filter((id) => after[id] !== before[id]);
    expect(changed.every((id) => /^CIS-5\.2\./.test(id) && after[id] === 'pass')).toBe(true);
    expect(changed).toHaveLength(controls.filter(({ rule }) => /^pod(s-not|-policy)/.test(rule)).length - 1);
  });

  it('shows what it fails with', () => {
    expect(verdictOf(controls, 'CIS-5.1.5', fresh).evidence[0]).toEqual({
      what: 'ServiceAccount default/default',
      found: 'automountServiceAccountToken is not false',
      expected: 'automountServiceAccountToken: false',
    });
    expect(verdictOf(controls, 'CIS-5.2.2', fresh)).toEqual({
      state: 'fail',
      reason: '1 pod or namespace at fault.',
      evidence: [{ what: 'Namespace default', found: 'admits them: privileged', expected: 'baseline' }],
      more: 0,
    });
  });
});

/** The control, its state, the piece of evidence that has to be there, and what it says. */
const breaks: readonly (readonly [id: string, state: string, what: string, found: string])[] = [
  ['CIS-3.1.2', 'manual', 'Secret team/old-token', 'holds a token of a service account that never ends'],
  ['CIS-3.1.3', 'fail', 'Secret kube-system/bootstrap-token-abcdef', 'is a bootstrap token'],
  ['CIS-5.1.1', 'fail', 'ClusterRoleBinding ops', 'cluster-admin to Group ops'],
  ['CIS-5.1.1', 'fail', 'ClusterRoleBinding cluster-admin', 'cluster-admin to User mallory'],
  ['CIS-5.1.1', 'fail', 'ClusterRole everything', 'every verb on every resource of every group'],
  [
    'CIS-5.1.2',
    'fail',
    'ServiceAccount monitoring/prometheus',
    'get of secrets in namespace team, by RoleBinding team/reads (ClusterRole secret-reader)',
  ],
  [
    'CIS-5.1.2',
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
  ['CIS-5.1.3', 'fail', 'Role team/wild', '* in verbs'],
  [
    'CIS-5.1.4',
    'manual',
    'User deployer',
    'create of deployments in namespace team, by RoleBinding team/deploys (Role deploys)',
  ],
  ['CIS-5.1.5', 'fail', 'ServiceAccount default/default', 'automountServiceAccountToken is not false'],
  ['CIS-5.1.5', 'fail', 'Pod team/default-account', 'runs as the default service account'],
  ['CIS-5.1.5', 'fail', 'RoleBinding team/default', 'gives secret-lister to ServiceAccount team/default'],
  ['CIS-5.1.6', 'fail', 'Pod team/mounts', 'has the token of ServiceAccount team/app mounted'],
  ['CIS-5.1.7', 'fail', 'RoleBinding team/masters', 'gives view to Group system:masters'],
  [
    'CIS-5.1.7',
    'fail',
    'CertificateSigningRequest becomes-master',
    'asks for a certificate in system:masters, made by mallory, pending',
  ],
  [
    'CIS-5.1.8',
    'fail',
    'User helpdesk',
    'impersonate of users in the whole cluster, by ClusterRoleBinding helpdesk (ClusterRole helpdesk)',
  ],
  [
    'CIS-5.1.9',
    'manual',
    'ServiceAccount team/provisioner',
    'create of persistentvolumes in the whole cluster, by ClusterRoleBinding provisioner (ClusterRole provisioner)',
  ],
  [
    'CIS-5.1.10',
    'manual',
    'Group debuggers',
    'get of nodes/proxy in the whole cluster, by ClusterRoleBinding debuggers (ClusterRole debuggers)',
  ],
  [
    'CIS-5.1.11',
    'manual',
    'User approver',
    'update of certificatesigningrequests/approval in the whole cluster, by ClusterRoleBinding approver (ClusterRole approver)',
  ],
  [
    'CIS-5.1.12',
    'manual',
    'User hooks',
    'patch of validatingwebhookconfigurations, mutatingwebhookconfigurations in the whole cluster, by ClusterRoleBinding hooks (ClusterRole hooks)',
  ],
  [
    'CIS-5.1.13',
    'manual',
    'User minter',
    'create of serviceaccounts/token in namespace team, by RoleBinding team/mints (Role mints)',
  ],
  ['CIS-5.2.1', 'fail', 'Namespace team', 'privileged'],
  ['CIS-5.2.2', 'fail', 'Pod team/privileged', 'container setup: privileged is true'],
  ['CIS-5.2.3', 'fail', 'Pod team/host', 'hostPID is true'],
  ['CIS-5.2.4', 'fail', 'Pod team/host', 'hostIPC is true'],
  ['CIS-5.2.5', 'fail', 'Pod team/host', 'hostNetwork is true'],
  ['CIS-5.2.6', 'fail', 'Pod team/debugged', 'container debugger: allowPrivilegeEscalation is not false'],
  ['CIS-5.2.7', 'fail', 'Pod team/root', 'container app: runAsUser is 0'],
  ['CIS-5.2.8', 'fail', 'Pod team/raw', 'container app: capabilities.add has NET_RAW'],
  ['CIS-5.2.9', 'fail', 'Pod team/raw', 'container app: capabilities.add has NET_RAW'],
  ['CIS-5.2.10', 'fail', 'Pod team/keeps', 'container app: capabilities.drop lacks ALL'],
  ['CIS-5.2.11', 'fail', 'Pod team/windows', 'container app: windowsOptions.hostProcess is true'],
  ['CIS-5.2.12', 'fail', 'Pod team/host', 'volume etc: hostPath /etc'],
  ['CIS-5.2.13', 'fail', 'Pod team/ports', 'container app: hostPort 8080'],
  ['CIS-5.3.1', 'fail', 'ConfigMap kube-system/cilium-config', 'enable-policy is never'],
  ['CIS-5.3.2', 'fail', 'Namespace team', 'no NetworkPolicy'],
  ['CIS-5.4.1', 'fail', 'Deployment team/web', 'container app: PASSWORD from Secret db'],
  ['CIS-5.4.1', 'fail', 'CronJob team/nightly', 'container app: all of Secret db'],
  ['V-242415', 'fail', 'Pod team/environment', 'container app: PASSWORD from Secret db'],
  ['CIS-5.7.1', 'manual', 'Pod default/stray', 'in the default namespace'],
  ['CIS-5.7.2', 'fail', 'Pod team/unconfined', 'container app: seccompProfile is Unconfined'],
  ['CIS-5.7.3', 'manual', 'Pod team/writes', 'container app: lacks readOnlyRootFilesystem: true'],
  ['CIS-5.7.4', 'fail', 'ConfigMap default/settings', 'exists'],
  ['CIS-5.7.4', 'fail', 'Widget default/one', 'exists'],
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
    const informative = ['CIS-5.4.2', 'CIS-5.5.1'];
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
    const told = verdictOf(controls, 'CIS-5.1.9', broken).evidence.map(({ what }) => what);
    expect(told).not.toContain('Group team-admins');
    expect(verdictOf(controls, 'CIS-5.1.2', broken).evidence.map(({ what }) => what)).toContain('Group team-admins');
  });

  it('does not take a label for a proof', () => {
    const told = verdictOf(controls, 'CIS-5.1.2', broken).evidence.map(({ what }) => what);
    expect(told).toEqual(expect.arrayContaining(['User forger', 'ServiceAccount team/helm']));
    const wild = verdictOf(controls, 'CIS-5.1.3', broken).evidence.map(({ what }) => what);
    expect(wild).toEqual(expect.arrayContaining(['ClusterRole forged', 'ClusterRole annotated']));
    const mounting = verdictOf(controls, 'CIS-5.1.6', broken).evidence.map(({ what }) => what);
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
      if (state === 'not-applicable' || evidence.length === 0 || id === 'CIS-5.3.1') continue;
      const allow = evidence.map(({ what }) => what);
      const after = verdictOf(controls, id, broken, allow);
      const hints = ['CIS-3.1.2', 'V-274883'].includes(id);
      expect([id, after.state, after.evidence]).toEqual([id, hints ? 'manual' : 'pass', []]);
      expect(after.reason).toContain(`${evidence.length} allowed by a waiver`);
    }
  });

  it('fails with what is left, where the operator has said who may', () => {
    const before = verdictOf(controls, 'CIS-5.1.10', broken);
    expect(before.state).toBe('manual');
    const left = verdictOf(controls, 'CIS-5.1.10', broken, ['Group nobody*', 'User mall*']);
    expect(left.state).toBe('fail');
    expect(before.evidence.map(({ what }) => what).filter((what) => what !== 'User mallory')).toEqual(
      left.evidence.map(({ what }) => what),
    );
    // A binding stands for its subjects, and a controller for its pods.
    const allow = ['ClusterRoleBinding *', 'RoleBinding team/*'];
    expect(verdictOf(controls, 'CIS-5.1.9', broken, allow).state).toBe('pass');
    expect(verdictOf(controls, 'CIS-5.4.1', broken, ['Deployment team/web', 'CronJob *', 'Pod team/*']).state).toBe(
      'pass',
    );
  });
});
