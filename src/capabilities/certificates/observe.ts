/** Reads what the certificates domain decides by. Quick when nothing is under way and no file has changed. */

import type { Juju } from '../../clients/juju/juju.ts';
import { KubernetesError } from '../../clients/kubernetes/errors.ts';
import type { Clients } from '../../core/clients.ts';
import { readRemoteUnits } from '../../core/remote-units.ts';
import { LOOPBACK, normaliseSan } from '../../core/san.ts';
import { hasLeftovers, readNote } from './backup.ts';
import { observeClusterRefresh } from './cluster-refresh/observe.ts';
import type { ApprovalWish, CertificateFacts, NodeIdentity, SpentDecision } from './facts.ts';
import type { Examined } from './inventory/examined.ts';
import { observeInventory } from './inventory/remembered.ts';
import { observeServed } from './inventory/served-memory.ts';
import { FAILURE_KEY } from './outcome.ts';
import { readAttempts } from './renewal/attempts.ts';
import { type RequestJournal, readRequestJournal } from './request-journal.ts';
import { addressesKey, decidedUnit, decisionKey, parseDecision, parseWish, REQUESTS } from './wire.ts';

export async function observeCertificates(clients: Clients, node: NodeIdentity): Promise<CertificateFacts> {
  const { host, juju } = clients;
  const controlPlane = node.role === 'control-plane';
  const [note, folder, { inventory, stamp }, journal, failure, failed, worker, clusterRefresh] = await Promise.all([
    readNote(host.files),
    hasLeftovers(host.files),
    observeInventory({ files: host.files, state: juju.state }, node.role),
    controlPlane ? undefined : readRequestJournal(host.files),
    juju.state.get(FAILURE_KEY),
    readAttempts(juju.state),
    controlPlane ? undefined : observeWorkerSide(juju),
    observeClusterRefresh(juju, node.role, node.leader),
  ]);
  // While a refresh is under way, its own checks look.
  const quiet = note === undefined && journal === undefined;
  const servedOtherwise = quiet ? await observeServed(clients, node, stamp) : [];
  const served = controlPlane ? readable(inventory, 'apiserver') : undefined;
  const leader = controlPlane && node.leader ? await observeLeaderSide(juju, node, served?.sans ?? []) : undefined;
  return {
    node,
    note,
    leftovers: folder && note === undefined && journal === undefined,
    inventory,
    servedOtherwise,
    apiServer: served,
    authority: controlPlane ? readable(inventory, 'ca') : undefined,
    journal,
    announced: worker?.announced,
    relation: worker?.relation,
    decision: worker?.decision,
    decides: worker?.decides,
    approvedByHand: await isApprovedByHand(clients, journal, worker),
    failure,
    renewal: { unit: juju.identity.unit, failed, approvedAt: leader?.approvedAt ?? [] },
    clusterRefresh,
    wishes: leader?.wishes ?? [],
    spent: leader?.spent ?? [],
    now: host.now(),
  };
}

function readable(inventory: readonly Examined[], name: string) {
  const found = inventory.find((one) => one.name === name);
  if (found?.notBefore === undefined || found.notAfter === undefined) return undefined;
  return { sans: found.sans, notBefore: found.notBefore, notAfter: found.notAfter };
}

async function observeWorkerSide({ relations, identity }: Juju) {
  const relation = (await relations.ids('cluster'))[0];
  if (relation === undefined) return undefined;
  const own = await relations.unitBag(relation, identity.unit);
  const shared = await relations.applicationBag(relation, await relations.application(relation));
  const decision = parseDecision(shared[decisionKey(identity.unit)]);
  // Ours records a worker's addresses before it decides on anything.
  const decides = decision !== undefined || shared[addressesKey(identity.unit)] !== undefined;
  return { relation, announced: own[REQUESTS], decision, decides };
}

/** Asked only where the control plane is not known to decide: who runs one of the Python charms approves the requests with kubectl. */
async function isApprovedByHand(
  { kubernetes }: Clients,
  journal: RequestJournal | undefined,
  worker: Awaited<ReturnType<typeof observeWorkerSide>>,
): Promise<boolean> {
  if (journal === undefined || journal.issued || worker === undefined || worker.decides || !worker.announced)
    return false;
  try {
    const api = await kubernetes();
    const found = await Promise.all(journal.requests.map(({ object }) => api?.certificateRequest(object)));
    return found.every((object) => object?.state === 'approved');
  } catch (error) {
    if (error instanceof KubernetesError) return false;
    throw error;
  }
}

/** Bags are remembered, so that this asks Juju for nothing while no worker wants anything. */
async function observeLeaderSide(juju: Juju, node: NodeIdentity, apiServer: readonly string[]) {
  const { relations, identity } = juju;
  const wishes: ApprovalWish[] = [];
  const spent: SpentDecision[] = [];
  const approvedAt: Date[] = [];
  const ids = await relations.ids('k8s-cluster');
  const bags = new Map(
    await Promise.all(ids.map(async (id) => [id, (await readRemoteUnits(juju, id)).units] as const)),
  );
  for (const [relation, ofRelation] of bags) {
    const shared = await relations.applicationBag(relation, identity.application);
    for (const [unit, bag] of ofRelation) {
      const wish = parseWish(bag[REQUESTS]);
      if (wish === undefined) continue;
      const decision = parseDecision(shared[decisionKey(unit)]);
      if (decision?.id === wish.id) {
        if (wish.renewal && decision.approved && decision.at !== undefined) approvedAt.push(new Date(decision.at));
        continue;
      }
      const addresses = node.workerAddresses.get(unit);
      // It is recorded in this very dispatch, and looked at again in it.
      if (addresses === undefined && node.workers.has(unit)) continue;
      wishes.push({
        ...wish,
        relation,
        unit,
        node: node.workers.get(unit),
        rival: rivalOf(unit, node),
        addresses: addresses ?? [],
        remedy: `juju run ${identity.application}/leader accept-addresses unit=${unit}`,
        foreign: foreignNames(node, apiServer, unit),
        reservedRanges: node.reservedRanges,
        claimants: [...node.workers.values()],
      });
    }
    for (const [key, text] of Object.entries(shared)) {
      const unit = decidedUnit(key);
      if (unit === undefined || ofRelation.get(unit)?.[REQUESTS]) continue;
      spent.push({ relation, key, id: parseDecision(text)?.id ?? '', node: node.workers.get(unit) });
    }
  }
  return { wishes, spent, approvedAt };
}

function rivalOf(unit: string, { workers }: NodeIdentity): string | undefined {
  const node = workers.get(unit);
  return [...workers].find(([other, its]) => other !== unit && its === node)?.[0];
}

/** What the API server's certificate has, loopback aside; what control planes have; what is on record for other workers. */
function foreignNames(
  { reserved, workerAddresses }: NodeIdentity,
  apiServer: readonly string[],
  own: string,
): ReadonlyMap<string, string> {
  const ofApi = [...apiServer, ...reserved].map(normaliseSan).filter((san) => !LOOPBACK.includes(san));
  const ofOthers = [...workerAddresses].filter(([unit]) => unit !== own);
  return new Map([
    ...ofOthers.flatMap(([unit, addresses]) => addresses.map((address) => [normaliseSan(address), unit] as const)),
    ...ofApi.map((san) => [san, 'the control plane'] as const),
  ]);
}
