/** The capability: the leader grants the rollout lock, and a unit releases what an interrupted action has kept. */

import type { Capability, Plan, PlannedChange } from '../../core/capability.ts';
import { changeIdentity } from '../../core/change-identity.ts';
import type { Clients } from '../../core/clients.ts';
import type { Node } from '../../core/node.ts';
import type { Report } from '../../core/report.ts';
import { keepsLease, returnLease } from './lease.ts';
import { GRANT, type Granting, grantTurns, type Rolling, wantsTurn } from './lock.ts';
import { rollingOf } from './rolling.ts';

const API_PORT = 6443;
const API_MS = 3_000;
const LONGEST_HELD_MS = 60 * 60_000;
const HELD_WAY = 'repair that unit, or remove it if it does not come back';

interface LockFacts {
  /** Of the leader, who grants the lock. */
  readonly rolling: Rolling | undefined;
  readonly relation: string;
  readonly joining: string | undefined;
  /** Other members whose API server accepts no connection; asked only when somebody waits for the lock. */
  readonly silent: readonly string[];
  /** An action of this unit took the lock in the cluster's own API and did not live to release it. */
  readonly kept: boolean;
}

type Change =
  | { readonly kind: 'grant'; readonly relation: string; readonly entries: Granting['entries'] }
  | { readonly kind: 'return-lease' };

export const rolloutLock: Capability<LockFacts, Change> = {
  name: 'rollout lock',
  roles: ['control-plane'],
  observe,
  plan: ({ rolling, relation, joining, silent, kept }) => ({
    ...planGrant(rolling, relation, joining, silent, kept ? [RETURN] : []),
    contributions: [],
  }),
  async apply(clients, _, change) {
    if (change.kind === 'return-lease') await returnLease(clients);
    else clients.juju.relations.setApplication(change.relation, change.entries);
  },
};

const RETURN: PlannedChange<Change> = {
  change: { kind: 'return-lease' },
  id: changeIdentity({ domain: 'charm', kind: 'return-lease' }),
  description: 'release the rollout lock that an interrupted action has kept',
  disruption: 'none',
};

async function observe(clients: Clients, node: Node): Promise<LockFacts | undefined> {
  const { juju, host } = clients;
  if (node.leaving || node.problems.length > 0) return undefined;
  const rolling = node.leader ? rollingOf(node, juju.identity.unit, host.now()) : undefined;
  return {
    rolling,
    relation: node.peers?.id ?? '',
    joining: node.joining,
    silent: rolling !== undefined && wantsTurn(rolling) ? await silentMembers(clients, node) : [],
    kept: node.member !== undefined && (await keepsLease(host.files)),
  };
}

async function silentMembers({ host }: Clients, { members }: Node): Promise<readonly string[]> {
  const known = [...members].filter(([, bag]) => bag['ingress-address']);
  const answers = await Promise.all(
    known.map(([, bag]) => host.accepts(bag['ingress-address'] ?? '', API_PORT, API_MS)),
  );
  return known.filter((_, index) => !answers[index]).map(([unit]) => unit);
}

function planGrant(
  rolling: Rolling | undefined,
  relation: string,
  joining: string | undefined,
  silent: readonly string[],
  others: readonly PlannedChange<Change>[],
): Pick<Plan<Change>, 'changes' | 'reports'> {
  if (rolling === undefined) return { changes: others, reports: [] };
  const { entries, held } = grantTurns(rolling, (asker) => {
    if (joining !== undefined) return `${joining} is joining`;
    // One that is down itself has nothing to lose, and its change may be what mends it.
    if (silent.length === 0 || silent.includes(asker)) return undefined;
    return `the API server of ${silent.join(', ')} does not answer`;
  });
  const granted = planEntries(rolling, relation, entries);
  return { changes: [...granted, ...others], reports: held === undefined ? [] : [heldUp(held)] };
}

function planEntries(
  { shared }: Rolling,
  relation: string,
  entries: Granting['entries'],
): readonly PlannedChange<Change>[] {
  if (Object.entries(entries).every(([key, value]) => (shared[key] ?? '') === (value ?? ''))) return [];
  return [
    {
      change: { kind: 'grant', relation, entries },
      id: changeIdentity({ domain: 'gate', kind: 'grant', entries }),
      description: entries[GRANT] ? 'grant the rollout lock to the next unit' : 'take back the rollout lock',
      disruption: 'none',
    },
  ];
}

/** A unit that is down, or that does not get into the cluster, holds up every change of the others for as long. */
function heldUp(why: string): Report {
  return {
    status: 'waiting',
    message: why,
    lasts: { key: 'rollout-lock', atMostMs: LONGEST_HELD_MS, way: HELD_WAY },
  };
}
