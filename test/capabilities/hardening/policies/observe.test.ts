/** Guards the look at a whole cluster: each list once, thousands of objects, and what cannot be seen is said and not guessed. */

import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { factsFor } from '../../../../src/capabilities/hardening/policies/evaluate.ts';
import type { ApiFacts, FactName } from '../../../../src/capabilities/hardening/policies/facts.ts';
import { observeCluster } from '../../../../src/capabilities/hardening/policies/observe/cluster.ts';
import { openKubernetes } from '../../../../src/clients/kubernetes/open-kubernetes.ts';
import { typeOf } from '../../../standins/machines/kubernetes/resources.ts';
import {
  ALL_FACTS,
  binding,
  PLAIN_CONFIGURATION,
  pod,
  podWith,
  role,
  user,
  type WatchedCluster,
  watchedCluster,
} from './cluster.ts';
import { type ApiControl, apiControls, verdictOf } from './controls.ts';

let cluster: WatchedCluster;
let controls: readonly ApiControl[];
beforeAll(async () => {
  [cluster, controls] = await Promise.all([watchedCluster(), apiControls()]);
});
afterEach(() => cluster.observe(undefined));
afterAll(() => cluster.close());

/** Requests to the API server while something runs. */
async function requests<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  cluster.observe((what, phase) => {
    if (phase === 'before' && what.startsWith('kubernetes GET')) asked.push(what);
  });
  return { result: await run(), asked };
}

it('asks for each kind once, however many controls look at it, and for nothing without need', async () => {
  const { asked } = await requests(() => cluster.look());
  expect(asked.filter((path, index) => asked.indexOf(path) !== index)).toEqual([
    // Two types of Secrets, each by a selector of its own.
    'kubernetes GET /api/v1/secrets',
  ]);
  expect((await requests(() => cluster.look({}, factsFor(['no-dashboard'])))).asked).toEqual([
    'kubernetes GET /api/v1/pods',
  ]);
  expect((await requests(() => cluster.look({}, []))).asked).toEqual([]);
});

it('sees thousands of pods and bindings, shows fifty and counts the rest', async () => {
  const { store } = cluster;
  for (let number = 0; number < 2100; number += 1)
    cluster.add('pods', podWith('many', `pod-${number}`, { securityContext: { privileged: true } }));
  cluster.add('clusterroles', role('reads', [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]));
  for (let number = 0; number < 620; number += 1)
    cluster.add('rolebindings', binding(`b-${number}`, 'reads', [user(`user-${number}`)], { namespace: 'many' }));
  const { result, asked } = await requests(() => cluster.look());
  expect(asked.filter((path) => path === 'kubernetes GET /api/v1/pods')).toHaveLength(5);
  const privileged = verdictOf(controls, 'pods-privileged', result);
  expect([privileged.state, privileged.evidence.length, privileged.more]).toEqual(['fail', 50, 2100 - 50 + 2]);
  const readers = verdictOf(controls, 'rbac-read-secrets', result);
  expect([readers.evidence.length, readers.more]).toEqual([50, 570]);
  expect(verdictOf(controls, 'rbac-read-secrets', result, ['User user-*'])).toMatchObject({ state: 'pass', more: 0 });
  store.delete(typeOf('namespaces'), '', 'many');
});

it('goes on with a list of which the API server has forgotten the moment', async () => {
  for (let number = 0; number < 1010; number += 1) cluster.add('pods', pod('many', `pod-${number}`));
  let pages = 0;
  cluster.observe((what, phase) => {
    if (what !== 'kubernetes GET /api/v1/pods' || phase !== 'after') return;
    pages += 1;
    if (pages > 1) return;
    cluster.store.compact();
    // What is listed from here on is of a later moment.
    cluster.add('configmaps', { metadata: { namespace: 'many', name: 'later' } });
  });
  const { pods } = await cluster.look({}, ['pods']);
  const found = pods !== undefined && 'seen' in pods ? pods.seen : [];
  expect(found.filter(({ namespace }) => namespace === 'many')).toHaveLength(1010);
  expect(new Set(found.map(({ namespace, name }) => `${namespace}/${name}`)).size).toBe(found.length);
  expect(pages).toBe(4);
  cluster.store.delete(typeOf('namespaces'), '', 'many');
});

function unseen(facts: ApiFacts): readonly string[] {
  return Object.entries(facts)
    .filter(([, looked]) => typeof looked === 'object' && 'unseen' in looked)
    .map(([name]) => name);
}

it('says what it may not see, and evaluates the rest', async () => {
  // A worker's own identity: it may read of the cluster what its kubelet needs.
  const kubeconfig = await cluster.machine.files.need('/etc/kubernetes/kubelet.conf');
  const kubernetes = await openKubernetes(kubeconfig, { timeoutMs: 20_000 });
  const facts = await observeCluster(kubernetes, ALL_FACTS, PLAIN_CONFIGURATION);
  const blind: readonly FactName[] = ['namespaces', 'pods', 'roles', 'bindings', 'tokenSecrets', 'nodes'];
  expect(unseen(facts)).toEqual(expect.arrayContaining([...blind]));
  const verdict = verdictOf(controls, 'rbac-read-secrets', facts);
  expect(verdict).toMatchObject({ state: 'not-evaluated', evidence: [] });
  expect(verdict.reason).toMatch(/^Roles: clusterroles.* is forbidden: User "system:node:.*; bindings: .*\.$/);
  expect(verdictOf(controls, 'rbac-system-masters', facts).state).toBe('not-evaluated');
});

it('evaluates nothing where no API server answers, and fails nothing', async () => {
  const kubeconfig = await cluster.machine.files.need('/etc/kubernetes/admin.conf');
  const kubernetes = await openKubernetes(kubeconfig.replace(/:6443/, ':6444'), { timeoutMs: 5_000 });
  const facts = await observeCluster(kubernetes, ALL_FACTS, PLAIN_CONFIGURATION);
  for (const { id } of controls) expect([id, verdictOf(controls, id, facts).state]).toEqual([id, 'not-evaluated']);
});
