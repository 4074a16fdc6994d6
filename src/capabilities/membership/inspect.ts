/** How the node and its cluster are once all changes are made, and the port that goes with a node. */

import type { Event } from '../../clients/juju/event.ts';
import type { State } from '../../clients/juju/juju.ts';
import type { Inspection, Occasion } from '../../core/capability.ts';
import type { Clients } from '../../core/clients.ts';
import { parseReports, type Report } from '../../core/report.ts';
import { settleApiPort } from './api-port.ts';
import type { ClusterFacts } from './facts.ts';
import { type Health, observeHealth } from './health.ts';
import { forgetLabels } from './labels.ts';
import { quorumReports } from './quorum.ts';

/** How long a node that has just changed gets to become ready before its status says that it is not. */
const SETTLE_MS = 20_000;
const POLL_MS = 1_000;
/** Entry of the unit state: how the node was when it was looked at last. */
const HEALTH = 'charm/health';

export async function inspectNode(clients: Clients, facts: ClusterFacts, occasion: Occasion): Promise<Inspection> {
  if (!occasion.looks && occasion.admitted) await settleApiPort(clients, facts, occasion.changed);
  if (facts.leaving) return { reports: [] };
  const size = quorumReports(facts);
  const { reports, strayLabels } = occasion.looks
    ? await observeHealth(clients, facts)
    : await healthOf(clients, facts, occasion.changed);
  if (occasion.looks || strayLabels.length === 0) return { reports: [...reports, ...size] };
  clients.juju.log.info(`labels of the node were changed by somebody else: ${strayLabels.join(', ')}`);
  await forgetLabels(clients.juju.state, strayLabels);
  return { reports: [...reports, ...size], again: true };
}

/** Asks the API server when there is reason to: regularly, after changes, and while things were not well. Else remembers. */
async function healthOf(clients: Clients, facts: ClusterFacts, changed: boolean): Promise<Health> {
  const { juju, host } = clients;
  const remembered = await recallHealth(juju.state);
  if (!changed && remembered?.length === 0 && !isOccasion(juju.event)) return { reports: [], strayLabels: [] };
  const deadline = host.now().getTime() + (changed || juju.event.kind === 'start' ? SETTLE_MS : 0);
  let health = await observeHealth(clients, facts);
  while (health.reports.length > 0 && host.now().getTime() < deadline) {
    await host.sleep(POLL_MS);
    health = await observeHealth(clients, facts);
  }
  juju.state.set(HEALTH, JSON.stringify(health.reports));
  return health;
}

/** Undefined when nobody has looked yet. */
async function recallHealth(state: State): Promise<readonly Report[] | undefined> {
  return parseReports(await state.get(HEALTH));
}

function isOccasion({ kind }: Event): boolean {
  return (
    kind === 'update-status' ||
    kind === 'start' ||
    kind === 'upgrade-charm' ||
    kind === 'config-changed' ||
    kind === 'leader-elected'
  );
}
