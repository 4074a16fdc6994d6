/** Certificates that a provider has issued for a node that runs with others: looked at, and put into service in turn. */

import {
  type CertificateWish,
  certificateInService,
  collectCertificates,
  type NodeIdentity,
  type RelationPlan,
  type Standing,
  serverAuthority,
  servingToGive,
  takeIssued,
} from '../certificates/index.ts';
import type { UnitStatus } from '../juju/status.ts';
import type { Doors } from './doors.ts';
import type { PlannedChange } from './planned-change.ts';

export async function planIssued(
  doors: Doors,
  identity: NodeIdentity,
  endpoint: string,
  wishes: readonly CertificateWish[],
  { standing, changes }: RelationPlan,
): Promise<{ readonly changes: readonly PlannedChange[]; readonly reports: readonly UnitStatus[] }> {
  const { juju, host } = doors;
  const present = await Promise.all(wishes.map(({ id }) => certificateInService(host.files, identity.role, id)));
  const due = wishes.filter(({ id }, index) => {
    const state = standing.get(id);
    return state?.state === 'issued' && state.fingerprint !== present[index];
  });
  // What is on its way is waited for: each exchange restarts services.
  if (due.length === 0 || changes.length > 0) return { changes: [], reports: [] };
  const { pems, problems } = servingToGive({
    issued: await collectCertificates(juju, endpoint, due, standing),
    birth: identity.role,
    nodeName: identity.nodeName,
    authority: await serverAuthority(host.files),
    etcd: false,
    now: host.now(),
  });
  if (pems === undefined) return { changes: [], reports: problems.map((problem) => refused(problem)) };
  const names = due.map(({ id }) => id);
  // The description is the change's identity: what has failed is not tried again, but the next certificate is.
  const prints = due.map(({ id }) => printOf(standing.get(id))).join(', ');
  const change: PlannedChange = {
    description: `put what was issued for ${names.join(' and ')} into service (${prints})`,
    disruptive: true,
    apply: () =>
      takeIssued(doors, identity, { names, pems }, async (message) => juju.log.info(`certificates: ${message}`)),
  };
  return { changes: [change], reports: [] };
}

/** k8sd keeps the authority that it was given at bootstrap. */
function refused(problem: string): UnitStatus {
  const way = problem.includes('is not signed by the authority')
    ? '; k8sd cannot take another authority: have the CA charm sign with the former one, or move to a new cluster'
    : '';
  return { status: 'blocked', message: `The CA charm's ${problem}${way}; what was issued before stays in service` };
}

function printOf(standing: Standing | undefined): string {
  return standing?.state === 'issued' ? standing.fingerprint.slice(0, 11) : '';
}
