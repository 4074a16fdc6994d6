/** A change as the charm sees it, of whichever domain it is. */

import { changeIdentity, type Essence } from '../core/change-identity.ts';
import type { Foreseen } from './foresight.ts';

export interface PlannedChange {
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
  /** Restarts a service of the node. */
  readonly disruptive: boolean;
  apply(): Promise<void>;
}

/** @param domain so that changes of two domains are never the same. */
export function identify(domain: string, essence: Essence): string {
  return changeIdentity({ domain, ...essence });
}

export function inWork(work: string | undefined): Pick<PlannedChange, 'work'> {
  return work === undefined ? {} : { work };
}

export function bringing(foreseen: Foreseen | undefined): Pick<PlannedChange, 'brings'> {
  return foreseen === undefined ? {} : { brings: foreseen };
}
