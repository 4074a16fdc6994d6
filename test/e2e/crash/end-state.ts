/**
 * How a cluster ended, in a form in which two runs of the same thing are equal: without times, ids and key material, with
 * everything that an operator, the next hook or another unit could tell the difference by.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { parse } from 'yaml';
import type { NodeMachine } from '../../standins/machines/machines.ts';
import type { TestCluster } from '../cluster.ts';
import { describePems, expectIssuedInService } from './issued.ts';

/** Folders of a machine that the charm, or k8sd on its behalf, writes into. */
const FOLDERS = [
  'etc/containerd',
  'etc/kubernetes',
  'etc/sysctl.d',
  'etc/systemd/system',
  'proc/sys',
  'var/lib/k8s-charm',
  'var/snap/k8s/common',
];

/** What is served with which certificate. */
const SERVED = [
  ['kube-apiserver', 6443, 'etc/kubernetes/pki/apiserver.crt'],
  ['kubelet', 10250, 'etc/kubernetes/pki/kubelet.crt'],
] as const;

/** Throws where certificates, keys, requests, files and what services show do not belong together. */
export async function endState(cluster: TestCluster): Promise<unknown> {
  await expectIssuedInService(cluster);
  return plain(await wholeState(cluster));
}

async function wholeState(cluster: TestCluster): Promise<unknown> {
  const { model, machines } = cluster;
  const units = Object.values(model.state.units);
  const owners = units.map(({ name, machine }) => [name, machines.machine(machine)] as const);
  const first = machines.all().find(({ id }) => machines.cluster(id) !== undefined && !machines.machine(id).state.gone);
  const view = first && machines.cluster(first.id);
  return {
    applications: model.status().applications,
    units: Object.fromEntries(units.map((unit) => [unit.name, unitState(unit)])),
    relations: Object.values(model.state.relations).map(({ endpoints, life, units: members, applications }) => ({
      endpoints: endpoints.map(({ application, name }) => `${application}:${name}`),
      life,
      units: Object.fromEntries(
        Object.entries(members)
          .filter(([, { inScope }]) => inScope)
          .map(([name, { settings }]) => [name, plain(settings)]),
      ),
      applications: Object.fromEntries(
        Object.entries(applications).map(([name, { settings }]) => [name, plain(settings)]),
      ),
    })),
    secrets: model
      .secrets()
      .map(({ owner, label, grants }) => plain({ owner, label, grants }))
      .map((secret) => JSON.stringify(secret))
      .sort(),
    cluster: view && {
      members: view.state.members.map(({ name }) => name).sort(),
      etcd: view.state.etcdMembers.length,
      joining: view.state.joining,
      config: view.state.config,
      // Not those of workers: k8sd makes a new one when asked again, and one that a dispatch lost is known to nobody.
      tokens: view.state.controlPlaneTokens.map(({ name }) => name),
      nodes: view
        .nodes()
        .map(({ metadata, spec }) => ({ name: metadata.name, labels: metadata.labels, spec }))
        .sort((a, b) => a.name.localeCompare(b.name)),
      undecided: view.certificateSigningRequests().filter(({ status }) => !isDecided(status)).length,
    },
    machines: Object.fromEntries(
      await Promise.all(owners.map(async ([name, machine]) => [name, await machineState(machine)])),
    ),
  };
}

function unitState({
  workload,
  agent,
  state,
  ports,
  workloadVersion,
  operation,
}: TestCluster['model']['state']['units'][string]) {
  return {
    workload: [workload.status, workload.message],
    agent: agent.status,
    state: Object.fromEntries(Object.entries(state).map(([key, value]) => [key, parsed(value)])),
    ports,
    workloadVersion,
    operation: operation?.step,
  };
}

function isDecided(status: unknown): boolean {
  const { conditions = [] } = (status ?? {}) as { conditions?: unknown[] };
  return conditions.length > 0;
}

async function machineState(machine: NodeMachine): Promise<Record<string, unknown>> {
  const { snapd, services, k8sd, address } = machine.state;
  const files: Record<string, unknown> = {};
  for (const folder of FOLDERS) await addFiles(machine.root, folder, files);
  for (const [service, port, file] of SERVED) {
    if (!services[service]?.active) continue;
    const inFile = new X509Certificate(await readFile(join(machine.root, file))).fingerprint256;
    const onWire = await served(address, port);
    if (onWire !== inFile) throw new Error(`${machine.id}: ${service} serves another certificate than ${file}`);
  }
  return {
    snap: [snapd.snap?.version, snapd.snap?.channel, snapd.snap?.heldUntil !== undefined],
    changes: Object.values(snapd.changes).filter(({ status }) => status === 'Do' || status === 'Doing').length,
    services: Object.fromEntries(
      Object.entries(services).filter(([name, state]) => name !== 'kube-proxy' || !isPassing(state)),
    ),
    member: [k8sd.member?.role, k8sd.member?.name],
    files,
  };
}

/**
 * kube-proxy beside Cilium, which takes its place: a restart of a worker's services starts it although it is disabled, and k8sd's controller
 * stops it at some later time. Whether a run ends before or after that says nothing of the charm.
 */
function isPassing({ active, enabled }: { readonly active: boolean; readonly enabled: boolean }): boolean {
  return active && !enabled;
}

async function addFiles(root: string, folder: string, files: Record<string, unknown>): Promise<void> {
  const entries = await readdir(join(root, folder), { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) await addFiles(root, path, files);
    else if (entry.isFile()) files[path] = [(await lstat(join(root, path))).mode & 0o777, await content(root, path)];
  }
}

async function content(root: string, path: string): Promise<unknown> {
  const text = await readFile(join(root, path), 'utf8');
  if (path.endsWith('.crt')) return certificate(text, await keyBeside(root, path));
  if (path.endsWith('.conf') && text.includes('client-certificate-data')) return kubeconfig(text);
  if (path.includes('var/lib/k8s-charm') || path.includes('/args/')) return parsed(text);
  if (path.startsWith('proc/sys/vm/') || path.startsWith('proc/sys/kernel/panic')) return text;
  return 'present';
}

async function keyBeside(root: string, path: string): Promise<string | undefined> {
  return await readFile(join(root, path.replace(/\.crt$/, '.key')), 'utf8').catch(() => undefined);
}

function certificate(pem: string, key: string | undefined): unknown {
  const read = new X509Certificate(pem);
  if (key !== undefined && !read.checkPrivateKey(createPrivateKey(key)))
    throw new Error(`certificate of ${read.subject} and its key are no pair`);
  // A CA has an identifier of its own in its name.
  return [read.subject, read.issuer.split('\n')[0], read.subjectAltName?.split(', ').sort()];
}

interface Kubeconfig {
  readonly clusters: readonly { cluster: { server: string } }[];
  readonly users: readonly { user: { 'client-certificate-data'?: string; 'client-key-data'?: string } }[];
}

function kubeconfig(text: string): unknown {
  const { clusters, users } = parse(text) as Kubeconfig;
  return [
    clusters.map(({ cluster }) => cluster.server),
    users.map(({ user }) =>
      certificate(
        Buffer.from(user['client-certificate-data'] ?? '', 'base64').toString(),
        Buffer.from(user['client-key-data'] ?? '', 'base64').toString(),
      ),
    ),
  ];
}

function served(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none');
      socket.end();
    });
    socket.once('error', reject);
  });
}

/** In JSON the order of members says nothing. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Times, ids and digests differ from run to run. */
function plain<T>(value: T): unknown {
  return JSON.parse(
    describePems(JSON.stringify(value))
      .replaceAll(/secret:[0-9a-z]+/g, 'secret:-')
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, 'time')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'uuid')
      .replaceAll(/\b[0-9a-f]{64}\b/g, 'sha256')
      .replaceAll(/"[A-Za-z0-9+/]{43}="/g, '"sha256"')
      .replaceAll(/\b([0-9A-F]{2}:){31}[0-9A-F]{2}\b/g, 'sha256')
      .replaceAll(/juju-[0-9a-f]{6}-(?=\d)/g, 'juju-'),
  );
}
