/**
 * One look at everything, and what follows from it: membership says which node this is, every capability observes what it decides by, and plans
 * are made in the order of the charm's table, each with what those before it contribute.
 */

import type { Capability, Charm, Foreseen, PlannedChange } from '../core/capability.ts';
import type { Clients } from '../core/clients.ts';
import { type Contribution, contributed } from '../core/contribution.ts';
import type { Node } from '../core/node.ts';
import { missingOptions, type RawOptions } from '../core/options.ts';
import { reportIgnored } from '../core/remote-units.ts';
import type { Report } from '../core/report.ts';
import type { Role } from '../core/role.ts';
import type { Planned } from './planned.ts';

type AnyCapability = Capability<unknown, unknown, unknown>;

export interface Snapshot {
  readonly node: Node;
  readonly changes: readonly Planned[];
  readonly reports: readonly Report[];
  /**
   * Whether the plan holds all that is wanted of a member. It is cut short while k8sd starts, an option is refused, or arguments wait for what
   * they name (a file that cannot be written, a key): what has failed is no less wanted then.
   */
  readonly whole: boolean;
  /** What membership has observed. */
  readonly membership: unknown;
  /** What each capability has observed, and the options with which; of one with nothing to say no facts. */
  readonly observed: ReadonlyMap<AnyCapability, Observed>;
}

export interface Observed {
  readonly facts: unknown;
  readonly options: unknown;
}

export const NOTHING_FORESEEN: Foreseen = {};

/** @param foreseen what is to be taken as done already, when a plan looks further than the next round. */
export async function takeSnapshot(
  clients: Clients,
  role: Role,
  charm: Charm,
  foreseen: Foreseen = NOTHING_FORESEEN,
): Promise<Snapshot> {
  const { membership } = charm;
  const capabilities = charm.capabilities.filter((one) => one !== 'membership');
  const [own, raw] = await Promise.all([membership.observe(clients, role), clients.juju.config()]);
  refuseIncomplete(raw, role, charm);
  const first = membership.node(own, [], foreseen);
  const read = await Promise.all(
    capabilities.map(async (one) => [one, await one.options?.(raw, { clients, node: first })] as const),
  );
  const problems = read.flatMap(([, options]) => options?.problems ?? []);
  const node = problems.length === 0 ? first : membership.node(own, problems, foreseen);
  const observed = new Map(
    await Promise.all(
      read.map(async ([one, options]): Promise<readonly [AnyCapability, Observed]> => {
        const facts = await one.observe?.(clients, node, options?.value);
        return [one, { facts, options: options?.value }];
      }),
    ),
  );
  const changes: Planned[] = [];
  const reports: Report[] = [];
  const contributions: Contribution[] = [];
  for (const one of charm.capabilities) {
    const owner = one === 'membership' ? membership : one;
    const facts = one === 'membership' ? own : observed.get(one)?.facts;
    const plan = facts === undefined ? undefined : owner.plan?.(facts, { node, contributions, foreseen });
    if (plan === undefined) continue;
    contributions.push(...plan.contributions);
    changes.push(...plan.changes.map((change) => bound(clients, capabilities, owner, facts, change)));
    reports.push(...plan.reports);
  }
  // Databags that could not be read at all, whoever asked for them.
  reports.push(...clients.juju.relations.unusable().map(reportIgnored));
  return { node, changes, reports, whole: isWhole(node, contributions), membership: own, observed };
}

/** @throws Error that ends the hook: Juju tries it again. */
function refuseIncomplete(raw: RawOptions, role: Role, { optionsOf }: Charm): void {
  const missing = missingOptions(role, optionsOf(role), raw);
  if (missing.length > 0)
    throw new Error(`Juju gives no value for ${missing.length} options: ${missing.slice(0, 5).join(', ')}`);
}

export function isWhole({ member, leaving, problems }: Node, contributions: readonly Contribution[]): boolean {
  const held = contributed(contributions, 'held-arguments');
  return member !== undefined && !leaving && problems.length === 0 && held.length === 0;
}

/** With which the change can be made. Where the node leaves, every capability takes along what is its own. */
function bound(
  clients: Clients,
  capabilities: readonly AnyCapability[],
  owner: Pick<AnyCapability, 'apply' | 'name'>,
  facts: unknown,
  { change, ...planned }: PlannedChange<unknown>,
): Planned {
  const apply = async (): Promise<void> => {
    if (owner.apply === undefined) throw new Error(`${owner.name} plans a change and cannot make any`);
    await owner.apply(clients, facts, change);
  };
  const { leaves } = planned;
  if (leaves === undefined) return { ...planned, apply };
  return {
    ...planned,
    async apply() {
      if (leaves === 'cluster') for (const one of capabilities) await one.forget?.(clients);
      // A dispatch that ended while the snap was removed may not have come to it.
      else for (const one of capabilities) await one.restoreMachine?.(clients, true);
      await apply();
      if (leaves === 'cluster') for (const one of capabilities) await one.restoreMachine?.(clients, false);
    },
  };
}
