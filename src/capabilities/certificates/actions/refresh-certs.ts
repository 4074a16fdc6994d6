/** The action `refresh-certs`: checks what is asked before anything is touched, then has it done. */

import type { Action } from '../../../core/capability.ts';
import type { Clients } from '../../../core/clients.ts';
import { listParameter, type Parameters, refuseUnknown, textParameter } from '../../../core/parameters.ts';
import type { CertificateFacts, NodeIdentity } from '../facts.ts';
import { whyNotRenewable } from '../inventory/remedies.ts';
import { CONTROL_PLANE_NAMES, WORKER_NAMES } from '../names.ts';
import type { CertificateOptions } from '../options.ts';
import { isReadable, readCertificates } from '../read.ts';
import { refreshControlPlane } from '../refresh-control-plane.ts';
import { prepareRequests, submitRequests } from '../refresh-worker.ts';
import { forgetFailures } from '../renewal/attempts.ts';
import { isHeldBack } from '../renewal/slots.ts';
import { readRequestJournal, removeRequestJournal } from '../request-journal.ts';
import { sansToRequest } from '../sans.ts';
import { decisionKey, formatWish, REQUESTS } from '../wire.ts';
import { type CertificatesUnit, certifiedMember, readCommon, refuseBeyondAuthorities } from './member.ts';
import { refreshCertsOfCluster } from './refresh-cluster.ts';

export const refreshCerts: Action<CertificateFacts, CertificateOptions> = {
  run: (clients, unit) => (unit.role === 'worker' ? refreshWorker(clients, unit) : refreshNode(clients, unit)),
};

async function refreshNode(clients: Clients, unit: CertificatesUnit): Promise<void> {
  const { juju, host } = clients;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['expires-in', 'extra-sans', 'certificates', 'scope']);
  if (ofCluster(parameters)) return refreshCertsOfCluster(clients, await certifiedMember(unit), parameters);
  const asked = chooseNames(listParameter(parameters, 'certificates', ''));
  const { expiresIn, extraSans } = readCommon(parameters);
  const { identity, node } = await certifiedMember(unit);
  const names = renewable(asked, identity.managers);
  const expirationSeconds = expiresIn ?? identity.options.validitySeconds;
  await refuseBeyondAuthorities(clients, unit.role, names, expirationSeconds);
  const progress = (message: string) => juju.actions.log(message);
  await unit.exclusively(node, progress, async () => {
    const sans = await presentSans(clients);
    const wanted = sansToRequest(sans, [...identity.requiredSans, ...extraSans]);
    await refreshControlPlane(clients, identity, { names, expirationSeconds, extraSans: wanted }, progress);
  });
  const renewed = (await readCertificates(host.files, unit.role))
    .filter(isReadable)
    .filter(({ file }) => names.includes(file.name));
  const expires = renewed.map(
    ({ file, notAfter }) => [file.name.replaceAll('.', '-'), notAfter.toISOString()] as const,
  );
  await juju.actions.setResults({ status: 'refreshed', expires: Object.fromEntries(expires) });
}

async function presentSans({ host }: Clients): Promise<readonly string[]> {
  return (await readCertificates(host.files, 'control-plane'))
    .filter(isReadable)
    .filter(({ file }) => file.name === 'apiserver' || file.name === 'kubelet')
    .flatMap((certificate) => certificate.sans);
}

/** Ends when the requests are made: the control plane hears of them only then. The rest is told by the status and `certs-status`. */
async function refreshWorker(clients: Clients, unit: CertificatesUnit): Promise<void> {
  const { juju, host } = clients;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['expires-in', 'extra-sans', 'scope']);
  if (ofCluster(parameters))
    throw new Error(
      `scope=cluster is for the leader of the control plane: juju run ${await controlPlaneOf(clients)}/leader refresh-certs scope=cluster`,
    );
  const { expiresIn, extraSans } = readCommon(parameters);
  const { identity, node } = await certifiedMember(unit);
  const expirationSeconds = expiresIn ?? identity.options.validitySeconds;
  if (node.controlPlane === undefined)
    throw new Error(
      `this unit is not integrated with a control plane: juju integrate k8s:k8s-cluster ${juju.identity.application}:cluster`,
    );
  const names = WORKER_NAMES.filter((name) => identity.managers[name] === undefined);
  if (names.length === 0) throw new Error(refusalOf(WORKER_NAMES, identity.managers));
  const { id, shared } = node.controlPlane;
  const journal = await readRequestJournal(host.files);
  // A renewal that waits for its turn is not in the way of an operator, who does not wait for one.
  if (journal !== undefined && !isHeldBack(journal, shared[decisionKey(juju.identity.unit)]))
    throw new Error('a refresh of this worker is under way; certs-status tells how far it is');
  await refuseBeyondAuthorities(clients, unit.role, names, expirationSeconds);
  await juju.actions.log('making keys and certificate requests');
  const requested = await prepareRequests(clients, identity, { expirationSeconds, extraSans });
  try {
    await submitRequests(clients, requested);
  } catch (error) {
    await removeRequestJournal(host.files);
    throw error;
  }
  const objects = requested.requests.map(({ object }) => object);
  juju.relations.setUnit(id, { [REQUESTS]: formatWish(requested) });
  forgetFailures(juju.state);
  await juju.actions.log(`requested: ${objects.join(', ')}; the control plane checks and approves them`);
  await juju.actions.setResults({ status: 'requested', requests: objects.join(' ') });
}

async function controlPlaneOf({ juju }: Clients): Promise<string> {
  const [id] = await juju.relations.ids('cluster');
  return id === undefined ? 'k8s' : juju.relations.application(id);
}

/** Juju lets nothing else through, but not every version of it looks. */
function ofCluster(parameters: Parameters): boolean {
  const scope = textParameter(parameters, 'scope', 'unit');
  if (scope !== 'unit' && scope !== 'cluster') throw new Error('scope must be unit or cluster');
  return scope === 'cluster';
}

/** Names as `certs-status` has them, or as the keys of the results of this action do: Juju takes no dots in those. */
function chooseNames(given: readonly string[]): readonly string[] {
  const names = [...new Set(given.map((name) => name.replace(/-conf$/, '.conf')))];
  const fixed = names.flatMap((name) => whyNotRenewable('control-plane', name) ?? []);
  if (fixed.length > 0) throw new Error(fixed.join('; '));
  const unknown = names.filter((name) => !CONTROL_PLANE_NAMES.includes(name));
  if (unknown.length > 0)
    throw new Error(`certificates has ${unknown.join(', ')}; there are ${CONTROL_PLANE_NAMES.join(', ')}`);
  return names;
}

/** Of those that were asked for, or else of all, those that k8sd issues. */
function renewable(asked: readonly string[], managers: NodeIdentity['managers']): readonly string[] {
  const others = asked.filter((name) => managers[name] !== undefined);
  if (others.length > 0) throw new Error(refusalOf(others, managers));
  const names = CONTROL_PLANE_NAMES.filter((name) => managers[name] === undefined);
  if (names.length === 0) throw new Error(refusalOf(CONTROL_PLANE_NAMES, managers));
  return asked.length > 0 ? asked : names;
}

/** Each with who brings it. */
function refusalOf(names: readonly string[], managers: NodeIdentity['managers']): string {
  return (['relation', 'operator'] as const)
    .map((manager) => [names.filter((name) => managers[name] === manager), NOT_OURS[manager]] as const)
    .flatMap(([theirs, why]) => (theirs.length > 0 ? [`${theirs.join(', ')}: ${why}`] : []))
    .join('; ');
}

const NOT_OURS = {
  relation:
    'issued by the CA charm on the endpoint certificates and renewed in time; for another one at once, remove that relation and integrate again',
  operator: 'brought by you: put the next one into the secret that ca-certificates names',
} as const;
