/**
 * Where a unit's certificates come from when not from k8sd: what is asked of a provider, what k8sd is to be given when the node comes
 * into being, and what is to be put into service later.
 */

import type { CertificateMode } from '../../../core/certificate-mode.ts';
import type { Clients } from '../../../core/clients.ts';
import type { Node } from '../../../core/node.ts';
import type { NodeIdentity } from '../facts.ts';
import { clusterAuthorities } from '../given/authorities.ts';
import { briefAuthority } from '../given/brevity.ts';
import { authoritiesToGive, intermediateWishes } from '../given/intermediate.ts';
import type { CertificateOptions } from '../options.ts';
import { FORGET_ALL } from '../relation/change.ts';
import { collectCertificates } from '../relation/collect.ts';
import { hasAsked } from '../relation/memory.ts';
import { observeRelation } from '../relation/observe.ts';
import { planRelation } from '../relation/plan.ts';
import { withServing } from './issued.ts';
import { withProvided } from './provided.ts';
import {
  blocked,
  ENDPOINT,
  NOTHING,
  plannedRelation,
  refusedTrust,
  type Trust,
  tooBrief,
  waitingTrust,
  wasAsked,
} from './trust-plan.ts';

/** @param identity undefined while the node is in no cluster. */
export async function observeTrust(
  clients: Clients,
  node: Node,
  identity: NodeIdentity | undefined,
  options: CertificateOptions,
): Promise<Trust> {
  const { mode } = node.certificates;
  if (mode === 'external') return withServing(clients, node, identity, options);
  if (mode === 'intermediate-ca' && node.role === 'control-plane') {
    if (node.member !== undefined) return afterBootstrap(clients, node);
    if (node.founds) return askForAuthorities(clients, node, options);
  }
  const provided = mode === 'provided' ? await withProvided(clients, node, identity, options) : undefined;
  if (provided?.asks) return provided.trust;
  const useless = mode === 'provided' ? undefined : uselessSecret(clients, node, mode);
  if (useless !== undefined) return useless;
  const withdrawn = (await hasAsked(clients.juju, ENDPOINT)) ? await withdraw(clients) : [];
  const trust = provided?.trust ?? NOTHING;
  return { ...trust, changes: [...trust.changes, ...withdrawn] };
}

async function askForAuthorities(clients: Clients, node: Node, options: CertificateOptions): Promise<Trust> {
  const { juju, host } = clients;
  const etcd = node.managedEtcd;
  const wishes = intermediateWishes(etcd);
  const facts = await observeRelation(juju, { endpoint: ENDPOINT, wishes, now: host.now() });
  const plan = planRelation(facts);
  const found = await collectCertificates(juju, ENDPOINT, wishes, plan.standing);
  const issued = clusterAuthorities(etcd).map((authority) => ({ authority, issued: found[authority.id] }));
  const given = authoritiesToGive({ issued, nodeName: node.name, etcd, now: host.now() });
  const refusals = given.problems.map((problem) => blocked(`The CA charm's ${problem}`));
  const chains = Object.fromEntries(issued.map(({ authority, issued: pair }) => [authority.name, pair?.chain ?? '']));
  const brief = given.pems && briefAuthority(chains, options.minimumCaSeconds, host.now());
  const tooShort =
    brief === undefined ? [] : [tooBrief(brief, juju.identity.application, facts.relation?.application ?? '')];
  const pems = brief === undefined ? given.pems : undefined;
  const reports = [...plan.reports, ...refusals, ...tooShort];
  return waitingTrust({ pems, chain: given.chain }, plannedRelation(plan), reports);
}

/**
 * What the keys were for has happened: k8sd has them now, and nobody else needs them.
 * Requests stay where they are: to withdraw one would tell the provider to revoke the authority of a running cluster.
 */
async function afterBootstrap({ juju }: Clients, { leader }: Node): Promise<Trust> {
  const over = leader && !wasAsked(juju) && (await hasAsked(juju, ENDPOINT));
  return { ...NOTHING, changes: over ? plannedRelation({ changes: FORGET_ALL }) : [] };
}

/** Certificates that nobody looks at: before there is a cluster that is a mistake which nothing could put right afterwards. */
function uselessSecret({ juju }: Clients, node: Node, mode: CertificateMode | undefined): Trust | undefined {
  // A worker that has not heard from its control plane does not know yet.
  if (node.certificates.secret === '' || mode === undefined) return undefined;
  const { application } = juju.identity;
  const reset = `juju config ${application} --reset ca-certificates`;
  if (node.founds)
    return refusedTrust(
      `ca-certificates is set, and bootstrap-certificates is ${mode}: juju config ${application} bootstrap-certificates=provided, or ${reset}`,
    );
  const message = `ca-certificates has no effect in a cluster of bootstrap-certificates=${mode}: ${reset}`;
  return node.member === undefined ? undefined : { ...NOTHING, reports: [{ status: 'active', message }] };
}

/** The cluster is, or is to be, made in another way than was asked for. */
async function withdraw(clients: Clients): Promise<Trust['changes']> {
  const { juju, host } = clients;
  return plannedRelation(
    planRelation(await observeRelation(juju, { endpoint: ENDPOINT, wishes: [], now: host.now() })),
  );
}
