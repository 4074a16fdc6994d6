/** The action `refresh-certs`: checks what is asked before anything is touched, then has it done. */

import {
  CONTROL_PLANE_NAMES,
  decisionKey,
  forgetFailures,
  formatWish,
  isHeldBack,
  isReadable,
  type NodeIdentity,
  prepareRequests,
  REQUESTS,
  readCertificates,
  readRequestJournal,
  refreshControlPlane,
  removeRequestJournal,
  sansToRequest,
  submitRequests,
  WORKER_NAMES,
  whyNotRenewable,
} from '../../certificates/index.ts';
import { type ControlPlaneFacts, GRANT, JOINED } from '../../cluster/index.ts';
import { listParameter, type Parameters, refuseUnknown, textParameter } from '../../core/parameters.ts';
import type { Doors } from '../doors.ts';
import { withLease } from '../lease.ts';
import type { Role } from '../role.ts';
import { memberView, readCommon, refuseBeyondAuthorities } from './member.ts';
import { refreshCertsOfCluster } from './refresh-cluster.ts';

const API_PORT = 6443;
const API_MS = 5_000;

export async function refreshCertsOfControlPlane(doors: Doors, role: Role): Promise<void> {
  const { juju, host } = doors;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['expires-in', 'extra-sans', 'certificates', 'scope']);
  if (ofCluster(parameters)) return refreshCertsOfCluster(doors, await memberView(doors, role), parameters);
  const asked = chooseNames(listParameter(parameters, 'certificates', ''));
  const { expiresIn, extraSans } = readCommon(parameters);
  const { identity, cluster } = await memberView(doors, role);
  const names = renewable(asked, identity.managers);
  const expirationSeconds = expiresIn ?? identity.options.validitySeconds;
  await refuseBeyondAuthorities(doors, role, names, expirationSeconds);
  const others = cluster.role === 'control-plane' ? otherMembers(cluster) : [];
  const progress = (message: string) => juju.actions.log(message);
  const refresh = async () => {
    await refuseWhileOthersAreDown(doors, others);
    const sans = await presentSans(doors);
    const wanted = sansToRequest(sans, [...identity.requiredSans, ...extraSans]);
    await refreshControlPlane(doors, identity, { names, expirationSeconds, extraSans: wanted }, progress);
  };
  if (cluster.role === 'control-plane') refuseDuringRollout(cluster);
  await (others.length > 0 ? withLease(doors, progress, refresh) : refresh());
  const renewed = (await readCertificates(host.files, role))
    .filter(isReadable)
    .filter(({ file }) => names.includes(file.name));
  const expires = renewed.map(
    ({ file, notAfter }) => [file.name.replaceAll('.', '-'), notAfter.toISOString()] as const,
  );
  await juju.actions.setResults({ status: 'refreshed', expires: Object.fromEntries(expires) });
}

async function presentSans({ host }: Doors): Promise<readonly string[]> {
  return (await readCertificates(host.files, 'control-plane'))
    .filter(isReadable)
    .filter(({ file }) => file.name === 'apiserver' || file.name === 'kubelet')
    .flatMap((certificate) => certificate.sans);
}

/** Ends when the requests are made: the control plane hears of them only then. The rest is told by the status and `certs-status`. */
export async function refreshCertsOfWorker(doors: Doors, role: Role): Promise<void> {
  const { juju, host } = doors;
  const parameters = await juju.actions.parameters();
  refuseUnknown(parameters, ['expires-in', 'extra-sans', 'scope']);
  if (ofCluster(parameters))
    throw new Error(
      `scope=cluster is for the leader of the control plane: juju run ${await controlPlaneOf(doors)}/leader refresh-certs scope=cluster`,
    );
  const { expiresIn, extraSans } = readCommon(parameters);
  const { identity, cluster } = await memberView(doors, role);
  const expirationSeconds = expiresIn ?? identity.options.validitySeconds;
  if (cluster.role !== 'worker' || cluster.cluster === undefined)
    throw new Error(
      `this unit is not integrated with a control plane: juju integrate k8s:k8s-cluster ${juju.identity.application}:cluster`,
    );
  const names = WORKER_NAMES.filter((name) => identity.managers[name] === undefined);
  if (names.length === 0) throw new Error(refusalOf(WORKER_NAMES, identity.managers));
  const { id, shared } = cluster.cluster;
  const journal = await readRequestJournal(host.files);
  // A renewal that waits for its turn is not in the way of an operator, who does not wait for one.
  if (journal !== undefined && !isHeldBack(journal, shared[decisionKey(juju.identity.unit)]))
    throw new Error('a refresh of this worker is under way; certs-status tells how far it is');
  await refuseBeyondAuthorities(doors, role, names, expirationSeconds);
  await juju.actions.log('making keys and certificate requests');
  const requested = await prepareRequests(doors, identity, { expirationSeconds, extraSans });
  try {
    await submitRequests(doors, requested);
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

async function controlPlaneOf({ juju }: Doors): Promise<string> {
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

type Peer = readonly [unit: string, address: string];

function otherMembers({ peers }: ControlPlaneFacts): readonly Peer[] {
  return [...peers.units].flatMap(([unit, bag]) =>
    bag[JOINED] && bag['ingress-address'] ? [[unit, bag['ingress-address']] as const] : [],
  );
}

function refuseDuringRollout({ peers, identity }: ControlPlaneFacts): void {
  const grant = peers.shared[GRANT];
  if (grant && !grant.includes(`"${identity.unit}"`))
    throw new Error('a change is being rolled out over the control planes; try again when it is done');
}

/** The refresh restarts this unit's API server: the others have to carry the cluster meanwhile. */
async function refuseWhileOthersAreDown({ host }: Doors, others: readonly Peer[]): Promise<void> {
  const answers = await Promise.all(others.map(([, address]) => host.accepts(address, API_PORT, API_MS)));
  const silent = others.filter((_, index) => !answers[index]).map(([unit]) => unit);
  if (silent.length > 0)
    throw new Error(`the API server of ${silent.join(', ')} does not answer; refresh one control plane at a time`);
}
