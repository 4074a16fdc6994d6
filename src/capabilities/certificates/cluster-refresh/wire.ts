/**
 * How a refresh of the whole cluster is asked for and told of, between charms of ours; existing charms ignore keys that they do not know.
 *
 *   application databags, of the peers and to each application of workers
 *     cluster-refresh     {"id": "…", "seconds": 31536000, "at": "…", "units": ["k8s/0", …]}     units of that relation that are meant
 *   of the peers, when it is over
 *     cluster-refresh     {"at": "…", "ended": "…", "summary": "refreshed 5 of 5 units"}
 *   unit databags
 *     cluster-refreshed   {"id": "…", "failure": ""}
 *
 * Each unit finds there what it has to do, and every leader how far it is: so it survives the loss of any of them.
 */

import { readForeign } from '../../../core/foreign-json.ts';
import { oneLine } from '../../../core/printable.ts';
import { line, list, moment, object, or, type Shape, text, whole } from '../../../core/shapes.ts';
import { LONGEST_SECONDS, SHORTEST_SECONDS } from '../../../core/validity.ts';

export const ORDER = 'cluster-refresh';
export const REPORT = 'cluster-refreshed';

export interface Order {
  readonly id: string;
  /** Life of the new certificates. */
  readonly seconds: number;
  readonly at: Date;
  /** Those that were in the cluster then: who joins later has new certificates anyway. */
  readonly units: readonly string[];
}

export interface EndedOrder {
  readonly at: Date;
  readonly ended: Date;
  readonly summary: string;
}

export interface Report {
  /** Of the order. */
  readonly id: string;
  /** Empty when the certificates were refreshed. */
  readonly failure: string;
}

const ID = /^[a-z0-9-]{1,200}$/;
const UNIT = /^[a-z][a-z0-9-]*\/\d+$/;
/** Of a reason, in characters: it stands in everybody's databag. */
const LONGEST_REASON = 200;

const ORDER_SHAPE: Shape<Order> = object({
  id: text(200, ID),
  seconds: whole(SHORTEST_SECONDS, LONGEST_SECONDS),
  at: moment,
  units: list(text(200, UNIT), 10_000),
});
const ENDED_SHAPE: Shape<EndedOrder> = object({ at: moment, ended: moment, summary: or(line(1000), '') });
const REPORT_SHAPE: Shape<Report> = object({ id: text(200, ID), failure: or(line(LONGEST_REASON), '') });

export function formatOrder({ id, seconds, at, units }: Order): string {
  const names = units.map((unit) => JSON.stringify(unit)).join(', ');
  return `{"id": "${id}", "seconds": ${seconds}, "at": "${at.toISOString()}", "units": [${names}]}`;
}

/** Undefined for none, one that is over, and nonsense. */
export function parseOrder(written: string | undefined): Order | undefined {
  return readForeign(written, ORDER_SHAPE);
}

export function formatEnded({ at, ended, summary }: EndedOrder): string {
  return `{"at": "${at.toISOString()}", "ended": "${ended.toISOString()}", "summary": ${JSON.stringify(summary)}}`;
}

export function parseEnded(written: string | undefined): EndedOrder | undefined {
  return readForeign(written, ENDED_SHAPE);
}

export function formatReport({ id, failure }: Report): string {
  return `{"id": "${id}", "failure": ${JSON.stringify(oneLine(failure, LONGEST_REASON))}}`;
}

/** Of another unit: whatever stands there becomes a line of bounded length. */
export function parseReport(written: string | undefined): Report | undefined {
  return readForeign(written, REPORT_SHAPE);
}
