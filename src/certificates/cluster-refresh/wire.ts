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

import { parseObject } from '../json.ts';

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
/** Kubernetes signs nothing for less, and control planes approve no more for a worker. */
const SHORTEST_SECONDS = 600;
export const LONGEST_ORDER_SECONDS = 10 * 365 * 86_400;
/** Of a reason, in characters: it stands in everybody's databag. */
const LONGEST_REASON = 200;

export function formatOrder({ id, seconds, at, units }: Order): string {
  const names = units.map((unit) => JSON.stringify(unit)).join(', ');
  return `{"id": "${id}", "seconds": ${seconds}, "at": "${at.toISOString()}", "units": [${names}]}`;
}

/** Undefined for none, one that is over, and nonsense. */
export function parseOrder(text: string | undefined): Order | undefined {
  const { id, seconds, at, units } = parseObject(text);
  const time = new Date(String(at));
  if (typeof id !== 'string' || !ID.test(id) || Number.isNaN(time.getTime()) || !Array.isArray(units)) return undefined;
  const possible =
    Number.isSafeInteger(seconds) && Number(seconds) >= SHORTEST_SECONDS && Number(seconds) <= LONGEST_ORDER_SECONDS;
  const named = units.every((unit) => typeof unit === 'string' && UNIT.test(unit));
  return possible && named ? { id, seconds: Number(seconds), at: time, units } : undefined;
}

export function formatEnded({ at, ended, summary }: EndedOrder): string {
  return `{"at": "${at.toISOString()}", "ended": "${ended.toISOString()}", "summary": ${JSON.stringify(summary)}}`;
}

export function parseEnded(text: string | undefined): EndedOrder | undefined {
  const { at, ended, summary } = parseObject(text);
  const [begin, end] = [new Date(String(at)), new Date(String(ended))];
  if (Number.isNaN(begin.getTime()) || Number.isNaN(end.getTime())) return undefined;
  return { at: begin, ended: end, summary: String(summary ?? '') };
}

export function formatReport({ id, failure }: Report): string {
  return `{"id": "${id}", "failure": ${JSON.stringify(presentable(failure))}}`;
}

/** Of another unit: whatever stands there becomes a line of bounded length. */
export function parseReport(text: string | undefined): Report | undefined {
  const { id, failure } = parseObject(text);
  return typeof id === 'string' ? { id, failure: presentable(String(failure ?? '')) } : undefined;
}

function presentable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, LONGEST_REASON);
}
