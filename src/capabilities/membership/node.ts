/** What other capabilities may know of the node and its cluster, made of what membership has observed. */

import type { Databag } from '../../clients/juju/juju.ts';
import type { Foreseen } from '../../core/capability.ts';
import { lazy } from '../../core/lazy.ts';
import type { Node, RegisteredWorkers } from '../../core/node.ts';
import type { OptionProblem } from '../../core/option-problem.ts';
import type { RelationFacts } from '../../core/relation-facts.ts';
import type { ArgumentsOnFile, Service } from '../../core/services.ts';
import { dueEdit } from './arguments-journal.ts';
import { describeCensus, takeCensus } from './census.ts';
import { certificateMode, keptAuthorities } from './certificate-mode.ts';
import { sealedFor } from './deputy.ts';
import { type ClusterFacts, type ControlPlaneFacts, knownClusterName, serviceAddress, snapMinor } from './facts.ts';
import { foreseenCluster } from './foresight.ts';
import { makesCluster } from './plan-entry.ts';
import { quorumWarning } from './quorum.ts';
import { recordedAddresses, reservedAddresses } from './records.ts';
import { serviceBases } from './service-bases.ts';
import { joiningControlPlane } from './tokens.ts';
import { allocations, BOOTSTRAP_CERTIFICATES, CERTIFICATE_AUTHORITY, JOINED, tokenHolder } from './wire.ts';

/** @param problems of the options of other capabilities. */
export function nodeOf(observed: ClusterFacts, problems: readonly OptionProblem[], foreseen: Foreseen): Node {
  const all = [...observed.problems, ...problems];
  const facts = foreseenCluster({ ...observed, problems: all }, foreseen);
  const controlPlane = facts.role === 'control-plane' ? facts : undefined;
  const toCluster = facts.role === 'control-plane' ? facts.peers : facts.cluster;
  const { node, identity, memory } = facts;
  const services = lazy(() => serviceBases(facts));
  return {
    role: facts.role,
    leader: controlPlane?.leader ?? false,
    leaving: facts.leaving,
    problems: all,
    name: node?.name ?? facts.nodeName,
    member: node,
    founds: controlPlane !== undefined && makesCluster(controlPlane),
    clusterName: toCluster && knownClusterName(toCluster.own, toCluster.units),
    snap: facts.snap,
    minor: snapMinor(facts.snap),
    daemon: facts.daemon,
    address: serviceAddress(facts),
    addresses: facts.addresses,
    boundAddresses: facts.boundAddresses,
    managedEtcd: controlPlane?.options.datastore === 'managed-etcd',
    apiServerSans: controlPlane?.apiServerSans.all ?? [],
    certificates: {
      mode: certificateMode(facts),
      kept: keptAuthorities(facts),
      authority: toCluster?.shared[BOOTSTRAP_CERTIFICATES] ? toCluster.shared[CERTIFICATE_AUTHORITY] : undefined,
      secret: facts.options.caCertificates,
      serviceRangeGiven: controlPlane?.options.serviceCidr !== undefined,
    },
    get services() {
      return services();
    },
    argumentFiles: node === undefined ? {} : argumentFilesOf(facts),
    peers: controlPlane?.peers,
    members: new Map([...(controlPlane?.peers.units ?? [])].filter(([, bag]) => bag[JOINED])),
    admitted:
      controlPlane !== undefined && controlPlane.peers.id !== '' && controlPlane.peers.own[JOINED] !== undefined,
    controlPlane: facts.role === 'worker' ? facts.cluster : undefined,
    workers: controlPlane?.workers ?? [],
    registered: registeredWorkers(controlPlane),
    controlPlanes: controlPlane === undefined ? new Map() : controlPlanesOf(controlPlane, identity.unit),
    joining: controlPlane && joiningControlPlane(controlPlane.peers),
    ignored: relationsOf(facts).flatMap((relation) => relation.ignored ?? []),
    failures: memory.failures,
    quorumWarning: quorumWarning(facts),
    census: censusOf(facts),
  };
}

function relationsOf(facts: ClusterFacts): readonly RelationFacts[] {
  if (facts.role === 'control-plane') return [facts.peers, ...facts.workers];
  return facts.cluster === undefined ? [] : [facts.cluster];
}

function argumentFilesOf({ arguments: files, memory }: ClusterFacts): Node['argumentFiles'] {
  return Object.fromEntries(
    Object.entries(files).map(([name, file]): [Service, ArgumentsOnFile] => {
      const service = name as Service;
      const remembered = Object.keys(memory.arguments[service] ?? {});
      return [service, { text: file.text, restarted: dueEdit(service, file) === undefined, remembered }];
    }),
  );
}

/** Of a thousand workers that takes a while: each part is made when it is asked for. */
function registeredWorkers(facts: ControlPlaneFacts | undefined): RegisteredWorkers {
  const workers = facts?.workers ?? [];
  const nodes = lazy(() => new Map(workers.flatMap(({ shared }) => joinedNodes(shared))));
  const addresses = lazy(() => new Map(workers.flatMap(recorded)));
  const taken = lazy(() => facts && reservedAddresses(facts));
  const reserved = lazy(() => [...(facts?.options.extraSans ?? []), ...(taken()?.addresses.keys() ?? [])]);
  return {
    get nodes() {
      return nodes();
    },
    get addresses() {
      return addresses();
    },
    get reserved() {
      return reserved();
    },
    get reservedRanges() {
      return taken()?.ranges ?? [];
    },
  };
}

/** Units that have a token only are not among them: they have no node yet whose certificates they could renew. */
function joinedNodes(shared: Databag): readonly (readonly [string, string])[] {
  return [...allocations(shared)].flatMap(([unit, { state, node }]) =>
    state === 'joined' ? [[unit, node] as const] : [],
  );
}

function recorded({ units, shared }: RelationFacts): readonly (readonly [string, readonly string[]])[] {
  return [...units.keys()].flatMap((unit) => {
    const addresses = recordedAddresses(shared, unit);
    return addresses === undefined ? [] : [[unit, addresses] as const];
  });
}

/**
 * Who is in the cluster, who has a token with which to join it at any moment, and who is gone and has not been taken out of it yet: its API
 * server may still run.
 */
function controlPlanesOf({ peers }: ControlPlaneFacts, unit: string): Node['controlPlanes'] {
  const bags = [peers.own, ...peers.units.values()];
  const holders = [...bags.flatMap((bag) => Object.keys(bag).flatMap(tokenHolder)), ...bags.flatMap(sealedFor)];
  const joined = [...peers.units].flatMap(([name, bag]) => (bag[JOINED] ? [name] : []));
  const names = new Set([...allocations(peers.shared).keys(), ...joined, ...holders]);
  names.delete(unit);
  return new Map([...names].sort().map((name) => [name, peers.units.get(name)]));
}

function censusOf(facts: ClusterFacts): string | undefined {
  if (facts.role === 'worker' || !facts.leader || facts.leaving || facts.node === undefined) return undefined;
  return describeCensus(takeCensus(facts));
}
