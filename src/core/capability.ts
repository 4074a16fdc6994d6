/**
 * The one shape of everything that the charms can do. A capability reads what it decides by, plans without touching anything, and carries out
 * one change at a time without deciding anything. The engine knows this shape and no capability.
 */

import type { Clients } from './clients.ts';
import type { Contribution } from './contribution.ts';
import type { Node } from './node.ts';
import type { Checked, OptionProblem } from './option-problem.ts';
import type { OptionSet, RawOptions } from './options.ts';
import type { Report } from './report.ts';
import type { Role } from './role.ts';

/** What a change does to the node: services restart, workloads are moved away first, or the machine reboots. */
export type Disruption = 'none' | 'restart' | 'drain' | 'reboot';

/** A change, as data for its capability, and in words for everybody else. */
export interface PlannedChange<Change> {
  readonly change: Change;
  /** The same on every unit, and whatever the words are: what is refused, remembered and counted is known by it. */
  readonly id: string;
  /** The identity by which earlier revisions remembered that such a change had failed. */
  readonly formerId?: string;
  /** One line for the log. */
  readonly description: string;
  /** What the action `plan` says instead, where that takes more than a line. */
  readonly inPlan?: { readonly line: string; readonly details: readonly string[] };
  /** What the unit is doing while it makes the change, as its status says it; undefined where it takes no time. */
  readonly work?: string;
  /** Under which name it is known how long the change has failed, where other reports tell of the same wait; its identity by default. */
  readonly wait?: string;
  /** What is so afterwards, as far as other changes wait for it. */
  readonly brings?: Foreseen;
  readonly disruption: Disruption;
  /** With it the node leaves its cluster, or the charm its machine: all capabilities take along what is theirs. */
  readonly leaves?: 'cluster' | 'machine';
}

/** What a plan takes as done, in order to look further than the next round of changes. */
export interface Foreseen {
  /** The snap is there, and k8sd answers. */
  readonly installed?: { readonly channel: string | undefined };
  /** The snap follows another channel, or is of another file. */
  readonly refreshed?: { readonly channel: string; readonly file: string | undefined };
  /** Files and kernel parameters are as hardening asks. */
  readonly prepared?: boolean;
  /** The node has its encryption configuration. */
  readonly encrypted?: boolean;
}

export interface Plan<Change> {
  readonly changes: readonly PlannedChange<Change>[];
  readonly reports: readonly Report[];
  readonly contributions: readonly Contribution[];
}

/** Beside its own facts. */
export interface PlanContext {
  readonly node: Node;
  /** Of the capabilities before it in the table. */
  readonly contributions: readonly Contribution[];
  readonly foreseen: Foreseen;
}

/** What is looked at once in a dispatch, after all changes. */
export interface Inspection {
  readonly reports: readonly Report[];
  /** Something is no longer as it was put, and the next plan sets it again: worth another round in this dispatch. */
  readonly again?: boolean;
}

export interface Occasion {
  /** Whether this dispatch has changed anything. */
  readonly changed: boolean;
  /** Nothing stood in the way of the capability (`admit`). */
  readonly admitted: boolean;
  /** An action that only looks: nothing is waited for, and nothing noted. */
  readonly looks: boolean;
}

/** What `juju run` asks of a unit. */
export interface Action<Facts, Options> {
  /** It changes nothing, not even what the unit remembers: the engine gives it clients that cannot. */
  readonly looks?: true;
  readonly roles?: readonly Role[];
  /** Rejects with the message for the operator when the action cannot be done. */
  run(clients: Clients, unit: ActionUnit<Facts, Options>): Promise<void>;
}

export interface ActionUnit<Facts, Options> {
  readonly role: Role;
  /** The unit as it is now. */
  look(): Promise<ActionView<Facts, Options>>;
  /**
   * Works while no other control-plane node is disturbed, waiting for the rollout lock for as long as it takes. @param progress is told what is
   * waited for. @throws Error with the text for the operator.
   */
  exclusively(node: Node, progress: (message: string) => Promise<void>, work: () => Promise<void>): Promise<void>;
}

export interface ActionView<Facts, Options> {
  readonly node: Node;
  /** Of the capability whose action it is; undefined while it has nothing to say of the unit. */
  readonly facts: Facts | undefined;
  readonly options: Options;
  readonly reports: readonly Report[];
}

export interface Capability<Facts, Change, Options = undefined> {
  /** As in the documentation: lower-case words. */
  readonly name: string;
  readonly roles: readonly Role[];
  /** Checks the options of this capability. Whatever cannot be used keeps all capabilities from changing anything. */
  options?(raw: RawOptions, unit: { readonly clients: Clients; readonly node: Node }): Promise<Checked<Options>>;
  /** Reads what it decides by, and changes nothing. @returns undefined: there is nothing to be said of the unit now. */
  observe?(clients: Clients, node: Node, options: Options): Promise<Facts | undefined>;
  /** Pure. */
  plan?(facts: Facts, context: PlanContext): Plan<Change>;
  /** Carries one change out. Idempotent. @throws ChangeFailed when it cannot be made now. */
  apply?(clients: Clients, facts: Facts, change: Change): Promise<void>;
  /** Asked before anything else is done. @returns what stands in the way; `ends`: nothing at all may be done on this machine. */
  admit?(clients: Clients, role: Role): Promise<(Report & { readonly ends: boolean }) | undefined>;
  inspect?(clients: Clients, node: Node, options: Options, occasion: Occasion): Promise<Inspection>;
  /** Forgets what belongs to the cluster that the node leaves; before the snap is removed. */
  forget?(clients: Clients): Promise<void>;
  /** Puts back what was changed on the machine outside of the snap, once that has gone. @param ends the unit itself goes, too. */
  restoreMachine?(clients: Clients, ends: boolean): Promise<void>;
  /** A secret of ours has run out: whether it is this capability's, which renews it in this very dispatch. */
  renewsSecret?(clients: Clients): Promise<boolean>;
  /** By their names; what they are is loaded when one is asked for, since most dispatches run none. */
  readonly actions?: Readonly<Record<string, () => Promise<Action<Facts, Options>>>>;
}

/** The capability that says which node this is: all others begin with that. */
export interface Membership<Facts, Change> extends Pick<Capability<Facts, Change>, 'name' | 'admit' | 'actions'> {
  observe(clients: Clients, role: Role): Promise<Facts>;
  /** @param problems of the options of other capabilities. */
  node(facts: Facts, problems: readonly OptionProblem[], foreseen: Foreseen): Node;
  plan(facts: Facts, context: PlanContext): Plan<Change>;
  apply(clients: Clients, facts: Facts, change: Change): Promise<void>;
  inspect(clients: Clients, facts: Facts, occasion: Occasion): Promise<Inspection>;
}

/** A charm: which capabilities it has, in the order of their plans. Of the one that is `'membership'` the plan is made there. */
export interface Charm {
  readonly membership: Membership<unknown, unknown>;
  readonly capabilities: readonly (Capability<unknown, unknown, unknown> | 'membership')[];
  /** All options of the charm of that role. */
  optionsOf(role: Role): OptionSet;
}

export const NO_PLAN = { changes: [], reports: [], contributions: [] } as const;
