/** Fills a cluster of the stand-in as its users would: pods of Deployments, each in a namespace of a team, and bindings of roles. */

import { typeOf } from './kubernetes/resources.ts';
import type { Draft, Store } from './kubernetes/store.ts';

export interface Population {
  readonly pods: number;
  readonly roleBindings: number;
}

const TEAMS = 50;
const PODS_PER_DEPLOYMENT = 10;

/** Adds what is missing of it. Each pod is some six kilobytes long, as real ones are. */
export function populate(store: Store, { pods, roleBindings }: Population): void {
  for (let team = 0; team < TEAMS; team += 1) add(store, 'namespaces', { metadata: { name: `team-${team}` } });
  for (let number = 0; number < pods; number += 1) addPod(store, number);
  for (let number = 0; number < roleBindings; number += 1)
    add(store, 'rolebindings', {
      metadata: { namespace: `team-${number % TEAMS}`, name: `editors-${number}` },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [0, 1, 2].map((member) => ({ kind: 'User', name: `user-${number}-${member}` })),
    });
}

function add(store: Store, resource: string, object: Draft): void {
  const { namespace = '', name } = object.metadata;
  if (store.find(typeOf(resource), namespace, name) === undefined) store.create(typeOf(resource), object);
}

function addPod(store: Store, number: number): void {
  const deployment = Math.floor(number / PODS_PER_DEPLOYMENT);
  const namespace = `team-${deployment % TEAMS}`;
  const app = `app-${deployment}`;
  const labels = { app, 'app.kubernetes.io/name': app, 'app.kubernetes.io/version': '1.4.2' };
  const template = { metadata: { labels }, spec: podSpec(app) };
  if (number % PODS_PER_DEPLOYMENT === 0)
    add(store, 'deployments', { metadata: { namespace, name: app, labels }, spec: { template } });
  const suffix = number.toString(36).padStart(5, '0');
  add(store, 'pods', {
    metadata: {
      namespace,
      name: `${app}-6d4cf56db6-${suffix}`,
      labels: { ...labels, 'pod-template-hash': '6d4cf56db6' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${app}-6d4cf56db6`, uid: suffix, controller: true },
      ],
      managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => ({
        manager,
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: Object.fromEntries(Array.from({ length: 40 }, (_, field) => [`f:field-${field}`, { '.': {} }])),
      })),
    },
    spec: { ...podSpec(app), nodeName: `node-${number % 100}` },
    status: podStatus(app, number),
  });
}

function podSpec(app: string): Record<string, unknown> {
  const container = (name: string) => ({
    name,
    image: `registry.example.com/team/${app}-${name}:1.4.2`,
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 10 }, (_, index) => ({ name: `SETTING_${index}`, value: `value-of-${app}-${index}` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    livenessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 10 },
  });
  return {
    serviceAccountName: 'default',
    containers: ['main', 'proxy'].map(container),
    volumes: [{ name: 'data', emptyDir: {} }],
    tolerations: ['not-ready', 'unreachable'].map((key) => ({ key: `node.kubernetes.io/${key}`, effect: 'NoExecute' })),
  };
}

function podStatus(app: string, number: number): Record<string, unknown> {
  const time = '2026-01-01T00:00:00Z';
  return {
    phase: 'Running',
    podIP: `10.1.${Math.floor(number / 250) % 250}.${number % 250}`,
    conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: time,
    })),
    containerStatuses: ['main', 'proxy'].map((name) => ({
      name,
      ready: true,
      image: `registry.example.com/team/${app}-${name}:1.4.2`,
      state: { running: { startedAt: time } },
    })),
  };
}
