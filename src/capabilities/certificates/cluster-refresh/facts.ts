/** What is so of a refresh of the whole cluster. */

import type { EndedOrder, Order, Report } from './wire.ts';

export interface ClusterRefreshFacts {
  /** Relation over which this unit hears of it and tells of itself. */
  readonly relation: string | undefined;
  /** As that relation has it, whether this unit is meant or not. */
  readonly order: Order | undefined;
  /** What this unit has told. */
  readonly report: Report | undefined;
  /** Leader: each relation with an order, the peers' first. */
  readonly parts: readonly OrderPart[];
}

/** The units of one relation. */
export interface OrderPart {
  readonly relation: string;
  readonly peers: boolean;
  readonly order: Order;
  /** Of those that are meant and still there: what each has told. */
  readonly reports: ReadonlyMap<string, Report | undefined>;
}

/** What the leader tells of it. */
export interface ClusterRefreshNews {
  readonly parts: readonly OrderPart[];
  readonly last: EndedOrder | undefined;
}
