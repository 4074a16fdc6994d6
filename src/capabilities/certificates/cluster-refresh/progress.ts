/** How far a refresh of the whole cluster is: pure. */

import type { ClusterRefreshNews, OrderPart } from './facts.ts';

/** Longer than all units of a large cluster need, three workers at a time; who has not told anything by then is lost. */
export const LONGEST_MS = 24 * 60 * 60_000;

export interface Progress {
  readonly refreshed: readonly string[];
  readonly waiting: readonly string[];
  readonly failed: readonly (readonly [unit: string, reason: string])[];
}

const MOST_NAMES = 5;

export function progressOf(parts: readonly OrderPart[]): Progress {
  const units = parts.flatMap(({ order, reports }) =>
    [...reports].map(([unit, report]) => ({ unit, failure: report?.id === order.id ? report.failure : undefined })),
  );
  return {
    refreshed: units.filter(({ failure }) => failure === '').map(({ unit }) => unit),
    waiting: units.filter(({ failure }) => failure === undefined).map(({ unit }) => unit),
    failed: units.flatMap(({ unit, failure }) => (failure ? [[unit, failure] as const] : [])),
  };
}

/** `refreshed 3 of 5 units; waiting for k8s/1; failed: k8s/2 (k8sd refuses)` */
export function describeProgress({ refreshed, waiting, failed }: Progress): string {
  const all = refreshed.length + waiting.length + failed.length;
  const reasons = failed.map(([unit, reason]) => `${unit} (${reason})`);
  return [
    `refreshed ${refreshed.length} of ${all} units`,
    ...(waiting.length > 0 ? [`waiting for ${some(waiting)}`] : []),
    ...(failed.length > 0 ? [`failed: ${some(reasons)}`] : []),
  ].join('; ');
}

/** For `certs-status`; undefined when there never was one. */
export function describeNews({ parts, last }: ClusterRefreshNews): string | undefined {
  if (parts.length > 0) return describeProgress(progressOf(parts));
  return last === undefined ? undefined : `${last.summary}; ended ${last.ended.toISOString()}`;
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return `${names.slice(0, MOST_NAMES).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
