/** Reads what the certificates domain decides by. Quick when nothing is under way: two certificates and two absent files. */

import type { Juju } from '../juju/juju.ts';
import { readNote } from './backup.ts';
import type { Doors } from './doors.ts';
import type { ApprovalWish, CertificateFacts, NodeIdentity } from './facts.ts';
import { fileOf } from './names.ts';
import { isReadable, readCertificate } from './read.ts';
import { readRequestJournal } from './request-journal.ts';
import { normaliseSan } from './sans.ts';
import { decidedUnit, decisionKey, parseDecision, parseWish, REQUESTS } from './wire.ts';

export const FAILURE_KEY = 'certificates/failure';

export async function observeCertificates(doors: Doors, node: NodeIdentity): Promise<CertificateFacts> {
  const { host, juju } = doors;
  const controlPlane = node.role === 'control-plane';
  const [note, apiServer, authority, journal, failure, worker, leader] = await Promise.all([
    readNote(host.files),
    controlPlane ? readCertificate(host.files, fileOf('control-plane', 'apiserver')) : undefined,
    controlPlane ? readCertificate(host.files, fileOf('control-plane', 'ca')) : undefined,
    controlPlane ? undefined : readRequestJournal(host.files),
    juju.state.get(FAILURE_KEY),
    controlPlane ? undefined : observeWorkerSide(juju),
    controlPlane && node.leader ? observeLeaderSide(juju, node) : undefined,
  ]);
  return {
    node,
    note,
    apiServer: apiServer && isReadable(apiServer) ? apiServer : undefined,
    authority: authority && isReadable(authority) ? authority : undefined,
    journal,
    announced: worker?.announced,
    relation: worker?.relation,
    decision: worker?.decision,
    failure,
    wishes: leader?.wishes ?? [],
    spent: leader?.spent ?? [],
    now: host.now(),
  };
}

async function observeWorkerSide({ relations, identity }: Juju) {
  const relation = (await relations.ids('cluster'))[0];
  if (relation === undefined) return undefined;
  const own = await relations.unitBag(relation, identity.unit);
  const shared = await relations.applicationBag(relation, await relations.application(relation));
  return { relation, announced: own[REQUESTS], decision: parseDecision(shared[decisionKey(identity.unit)]) };
}

/** Bags are remembered, so that this asks Juju for nothing while no worker wants anything. */
async function observeLeaderSide({ relations, identity }: Juju, node: NodeIdentity) {
  const wishes: ApprovalWish[] = [];
  const spent: { relation: string; key: string }[] = [];
  const reserved = new Set(node.reservedAddresses.map(normaliseSan));
  for (const relation of await relations.ids('k8s-cluster')) {
    const bags = await relations.remoteBags(relation);
    const shared = await relations.applicationBag(relation, identity.application);
    for (const [unit, bag] of bags) {
      const wish = parseWish(bag[REQUESTS]);
      if (wish === undefined || parseDecision(shared[decisionKey(unit)])?.id === wish.id) continue;
      const addresses = [bag['ingress-address'], bag['private-address']].filter(
        (address): address is string => address !== undefined && !reserved.has(normaliseSan(address)),
      );
      wishes.push({ ...wish, relation, unit, node: node.workers.get(unit), addresses });
    }
    for (const key of Object.keys(shared)) {
      const unit = decidedUnit(key);
      if (unit !== undefined && !bags.get(unit)?.[REQUESTS]) spent.push({ relation, key });
    }
  }
  return { wishes, spent };
}
