/** Reads everything that membership decides by. Independent reads run at once; nothing is changed. */

import { SnapdError } from '../../clients/host/errors.ts';
import { fileDigest } from '../../clients/host/file-digest.ts';
import type { Host, Snap } from '../../clients/host/host.ts';
import type { Event } from '../../clients/juju/event.ts';
import type { Juju, SecretContent } from '../../clients/juju/juju.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import { joinAddresses } from '../../core/addresses.ts';
import { apiServerSans } from '../../core/api-server-names.ts';
import { ARGUMENTS_DIRECTORY, parseArguments } from '../../core/argument-file.ts';
import type { Clients } from '../../core/clients.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import { SERVICES, type Service, WORKER_SERVICES } from '../../core/services.ts';
import { readBirthNote, readJournal } from './arguments-journal.ts';
import { departedNodes } from './departed.ts';
import { deputyToken, parseDeputyRequest, readSealingKey } from './deputy.ts';
import { readEtcd } from './etcd.ts';
import type {
  ClusterFacts,
  ControlPlaneFacts,
  Memory,
  NodeFacts,
  ServiceArguments,
  SnapResource,
  WorkerFacts,
} from './facts.ts';
import { NOT_HARDENED, snapMinor } from './facts.ts';
import { NOTHING_GIVEN, readBootstrapNote } from './given-certificates.ts';
import { labelsPending } from './labels.ts';
import { hasOwnFolder } from './leftovers.ts';
import { recall } from './memory.ts';
import { observeNodeName } from './node-name.ts';
import { askIfReady, observeDaemon } from './observe-daemon.ts';
import { observeRelations } from './observe-relations.ts';
import { type NodeOptions, readControlPlaneOptions, readWorkerOptions } from './options.ts';
import { parseRegistries, type Registry, registriesAsJson, registryFiles } from './registries.ts';
import { offeredSecret, unitsWithFailedToken } from './tokens.ts';
import { allocations, BOOTSTRAP_CERTIFICATES, DEPUTY, JOINED } from './wire.ts';

export async function observeCluster(clients: Clients, role: ClusterFacts['role']): Promise<ClusterFacts> {
  return role === 'control-plane' ? observeControlPlane(clients) : observeWorker(clients);
}

async function observeControlPlane(clients: Clients): Promise<ControlPlaneFacts> {
  const { juju, host } = clients;
  const [config, leader, peers, workers, machine] = await Promise.all([
    juju.config(),
    juju.isLeader(),
    observeRelations(juju, 'cluster', 'peer'),
    observeRelations(juju, 'k8s-cluster', 'ours'),
    observeMachine(clients, SERVICES),
  ]);
  const registries = await registriesAsJson(`${config['containerd-custom-registries'] ?? '[]'}`);
  const { value: options, problems } = readControlPlaneOptions({
    ...config,
    'containerd-custom-registries': registries,
  });
  const cluster = peers[0] ?? noPeersYet(juju);
  const common = await observeNode(clients, machine, cluster, options.registries, options.snapChannel);
  const k8sd = clients.k8sd(snapMinor(common.snap));
  const member = common.node !== undefined;
  const none: ControlPlaneFacts['failedTokens'] = new Map();
  const untold = member && !cluster.shared[BOOTSTRAP_CERTIFICATES];
  const [containerd, etcd, configuration, members, failedTokens, staying, returned, bootstrapped, deputy] =
    await Promise.all([
      leader && member ? observeRelations(juju, 'containerd', 'ours') : [],
      options.datastore === 'etcd' ? observeEtcd(juju) : undefined,
      leader && member && !common.leaving ? askIfReady((options) => k8sd.clusterConfig(options)) : undefined,
      member && !cluster.own[JOINED] ? askIfReady((options) => k8sd.members(options)) : undefined,
      member && leader ? observeFailedTokens(juju, [cluster, ...workers]) : none,
      common.leaving || (leader && isAnyoneMissing(juju, cluster)) ? observeStaying(juju) : [],
      leader && !common.leaving ? observeReturned(clients, { peers: cluster, workers, node: common.node }) : [],
      leader && untold ? readBootstrapNote(host.files) : undefined,
      leader && !member ? observeDeputy(juju, cluster) : undefined,
    ]);
  return {
    ...common,
    registered: await observeRegistration(clients, common, 'control-plane', options),
    role: 'control-plane',
    options,
    apiServerSans: apiServerSans({
      addresses: common.boundAddresses,
      extraSans: options.extraSans,
      clusterDomain: options.features.dns?.['cluster-domain'] ?? '',
      // The option only before: what it says after the bootstrap changes nothing.
      serviceCidr: member
        ? parseArguments('kube-apiserver', common.arguments['kube-apiserver']?.text ?? '')['--service-cluster-ip-range']
        : options.serviceCidr,
    }),
    problems,
    leader,
    bootstrapped,
    peers: cluster,
    workers,
    containerd,
    etcd,
    configuration,
    members,
    offeredToken: common.offeredToken ?? deputy?.offer,
    deputyKey: deputy?.key,
    failedTokens,
    staying,
    returned,
    now: host.now(),
  };
}

async function observeRegistration(
  clients: Clients,
  facts: Pick<NodeFacts, 'identity' | 'memory' | 'node' | 'leaving'>,
  role: ClusterFacts['role'],
  options: NodeOptions,
): Promise<boolean | undefined> {
  const { node } = facts;
  if (node === undefined || facts.leaving || !labelsPending(facts, role, options)) return undefined;
  try {
    const kubernetes = await clients.kubernetes();
    return kubernetes === undefined ? undefined : (await kubernetes.node(node.name)) !== undefined;
  } catch (error) {
    if (!(error instanceof KubernetesError)) throw error;
    return undefined;
  }
}

async function observeWorker(clients: Clients): Promise<WorkerFacts> {
  const { juju } = clients;
  const [config, clusters, containerd, machine] = await Promise.all([
    juju.config(),
    observeRelations(juju, 'cluster', 'theirs'),
    observeRelations(juju, 'containerd', 'theirs'),
    observeMachine(clients, WORKER_SERVICES),
  ]);
  const { value: options, problems } = readWorkerOptions(config);
  const cluster = clusters[0];
  const registries = parseRegistries(
    'containerd-custom-registries of the control plane',
    await registriesAsJson(containerd[0]?.shared['custom-registries'] ?? '[]'),
  );
  const common = await observeNode(clients, machine, cluster, registries.value, options.snapChannel);
  return {
    ...common,
    registered: await observeRegistration(clients, common, 'worker', options),
    role: 'worker',
    options,
    problems: [...problems, ...registries.problems],
    cluster,
    registries: registries.value,
  };
}

/** What is asked without knowing anything else, so that it is asked first of all and at once. */
async function observeMachine(clients: Clients, services: readonly Service[]) {
  const { juju, host } = clients;
  const [memory, daemon, nodeName, network, serviceArguments] = await Promise.all([
    recall(juju.state),
    observeSnap(clients),
    observeNodeName(host),
    juju.network('cluster'),
    observeArguments(host, services),
  ]);
  return { memory, ...daemon, nodeName, network, serviceArguments };
}

async function observeSnap({ host, k8sd }: Clients): Promise<Pick<NodeFacts, 'snap' | 'daemon' | 'node'>> {
  const snap = await host.snapd.snap('k8s');
  if (snap === undefined) return { snap, daemon: 'absent', node: undefined };
  return { snap, ...(await observeDaemon(k8sd(snapMinor(snap)))) };
}

async function observeNode(
  clients: Clients,
  machine: Awaited<ReturnType<typeof observeMachine>>,
  cluster: RelationFacts | undefined,
  registries: readonly Registry[],
  snapChannel: string,
): Promise<Omit<NodeFacts, 'problems'>> {
  const { juju, host } = clients;
  const { event, identity } = juju;
  const { memory, snap, daemon, node, nodeName, network, serviceArguments } = machine;
  const leaving = memory.leaving || isDeparture(event, identity.unit);
  const [snapFile, channelRevision, files, upgradeRelation, offeredToken, leftovers] = await Promise.all([
    leaving ? undefined : observeSnapFile(juju, snap, memory),
    leaving ? undefined : observeChannel(host, event, snap, snapChannel),
    observeRegistryFiles(host, memory, registries),
    observeUpgradeRelation(juju),
    cluster ? observeOffer(juju, cluster) : undefined,
    leaving && hasOwnFolder(host.files),
  ]);
  return {
    event,
    identity,
    leaving,
    leftovers,
    nodeName,
    addresses: joinAddresses(network.ingressAddresses, network.egressSubnets),
    boundAddresses: [...network.ingressAddresses, ...network.bindAddresses.map(({ address }) => address)],
    snap,
    snapFile,
    channelRevision,
    daemon,
    node,
    memory,
    arguments: node === undefined ? {} : serviceArguments,
    registryFiles: files,
    upgradeRelation,
    given: NOTHING_GIVEN,
    hardened: NOT_HARDENED,
    offeredToken,
    registered: undefined,
  };
}

/** `remove` and `stop` run on machine units only when they go; in `departed` Juju says who goes. */
function isDeparture(event: Event, unit: string): boolean {
  if (event.kind === 'stop' || event.kind === 'remove') return true;
  return event.kind === 'relation-departed' && event.departingUnit === unit;
}

/** The first hooks of a unit run before it has entered its peer relation. */
function noPeersYet({ identity }: Juju): RelationFacts {
  return { id: '', application: identity.application, units: new Map(), own: {}, shared: {} };
}

/**
 * Looked at only when it may have changed (before the first installation, and when the charm or a resource was replaced) and from
 * then on until it is taken: a unit may have to wait for its turn.
 */
async function observeSnapFile(
  juju: Juju,
  snap: Snap | undefined,
  { snapFileDue }: Memory,
): Promise<SnapResource | undefined> {
  if (snap !== undefined && juju.event.kind !== 'upgrade-charm' && !snapFileDue) return undefined;
  const path = await juju.resource('snap-installation');
  if (path === undefined) return undefined;
  const { size, sha256, head } = await fileDigest(path);
  if (size === 0) return 'empty';
  return isGzip(head) ? 'archive' : { path, sha256 };
}

/** RFC 1952, 2.3.1. */
function isGzip([first, second]: Uint8Array): boolean {
  return first === 0x1f && second === 0x8b;
}

/**
 * Asked when the option or the charm has changed: where the channel that is wanted has the revision that is installed, nothing but the
 * channel has to change. At other times, and when the store does not answer, it is left to snapd to find that out.
 */
async function observeChannel(
  host: Host,
  event: Event,
  snap: Snap | undefined,
  wanted: string,
): Promise<string | undefined> {
  const occasion = event.kind === 'config-changed' || event.kind === 'upgrade-charm' || event.kind === 'action';
  if (!occasion || snap?.channel === undefined || snap.channel === wanted) return undefined;
  try {
    return await host.snapd.published('k8s', wanted);
  } catch (error) {
    if (error instanceof SnapdError) return undefined;
    throw error;
  }
}

async function observeArguments(
  host: Host,
  services: readonly Service[],
): Promise<Partial<Record<Service, ServiceArguments>>> {
  const born = readBirthNote(host.files);
  const pairs = await Promise.all(
    services.map(async (service) => {
      const [text, journal] = await Promise.all([
        host.files.read(`${ARGUMENTS_DIRECTORY}/${service}`),
        readJournal(host.files, service),
      ]);
      return text === undefined ? [] : [[service, { text, journal, born: (await born)[service] ?? {} }] as const];
    }),
  );
  return Object.fromEntries(pairs.flat());
}

async function observeRegistryFiles(
  host: Host,
  memory: Memory,
  registries: readonly Registry[],
): Promise<Record<string, string>> {
  const paths = new Set([...memory.registries, ...registries.flatMap(registryFiles).map(({ path }) => path)]);
  const read = await Promise.all([...paths].map(async (path) => [path, await host.files.read(path)] as const));
  return Object.fromEntries(
    read.flatMap(([path, content]) => (content === undefined ? [] : [[path, content] as const])),
  );
}

/** Only when it is new, or the charm is: nothing else writes there. */
async function observeUpgradeRelation(juju: Juju): Promise<RelationFacts | undefined> {
  const { event } = juju;
  const concerned =
    event.kind === 'upgrade-charm' || (event.kind === 'relation-created' && event.endpoint === 'upgrade');
  if (!concerned) return undefined;
  return (await observeRelations(juju, 'upgrade', 'peer'))[0];
}

async function observeOffer(juju: Juju, cluster: RelationFacts): Promise<SecretContent | undefined> {
  if (cluster.own[JOINED]) return undefined;
  const uri = offeredSecret(juju.identity.unit, cluster);
  return uri === undefined ? undefined : juju.secrets.get({ uri }, 'refresh');
}

/** The key that a leader outside of the cluster has given to its deputy, and what came back. */
async function observeDeputy(
  juju: Juju,
  peers: RelationFacts,
): Promise<{ readonly key?: string; readonly offer?: SecretContent }> {
  const uri = parseDeputyRequest(peers.shared[DEPUTY])?.key;
  const key = uri === undefined ? undefined : await readSealingKey(juju, uri);
  if (uri === undefined || key === undefined) return {};
  const offer = deputyToken(juju.identity.unit, peers, key);
  return { key: uri, ...(offer ? { offer: { ...offer } } : {}) };
}

async function observeFailedTokens(
  juju: Juju,
  relations: readonly RelationFacts[],
): Promise<ControlPlaneFacts['failedTokens']> {
  const failed = relations.flatMap((relation) => unitsWithFailedToken(relation, relation.shared));
  return new Map(
    await Promise.all(failed.map(async ({ unit, uri }) => [unit, await juju.secrets.get({ uri }, 'peek')] as const)),
  );
}

function isAnyoneMissing({ identity }: Juju, { shared, units }: RelationFacts): boolean {
  return [...allocations(shared).keys()].some((unit) => unit !== identity.unit && !units.has(unit));
}

/** Asks for nothing when nothing has gone. What the API server does not tell now it tells the next time. */
async function observeReturned(
  clients: Clients,
  facts: Pick<ControlPlaneFacts, 'peers' | 'workers' | 'node'>,
): Promise<readonly string[]> {
  const departed = facts.node === undefined ? [] : departedNodes(facts);
  if (departed.length === 0) return [];
  try {
    const kubernetes = await clients.kubernetes();
    const found = await Promise.all(departed.map(({ node }) => kubernetes?.node(node)));
    return found.flatMap((node) => (node === undefined ? [] : [node.name]));
  } catch (error) {
    if (error instanceof KubernetesError) return [];
    throw error;
  }
}

async function observeStaying(juju: Juju): Promise<readonly string[]> {
  const units = await juju.goalUnits();
  return Object.entries(units)
    .filter(([unit, status]) => unit !== juju.identity.unit && status !== 'dying' && status !== 'dead')
    .map(([unit]) => unit);
}

async function observeEtcd(juju: Juju): Promise<Exclude<ControlPlaneFacts['etcd'], undefined>> {
  const [relation] = await observeRelations(juju, 'etcd', 'ours');
  return relation === undefined ? 'no relation' : readEtcd(relation.units.values());
}
