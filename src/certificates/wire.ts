/**
 * Our addition to the `k8s-cluster` interface, between charms of ours; existing charms ignore keys that they do not know.
 *
 *   worker unit databag       certificate-requests     {"id": "…", "requests": ["<object>", …]}
 *   control plane's databag   <unit>-certificates      {"id": "…", "approved": true, "reason": ""}
 */

import type { Decision } from './facts.ts';

export const REQUESTS = 'certificate-requests';

export function decisionKey(unit: string): string {
  return `${unit}-certificates`;
}

/** The unit of a decision's key, or undefined when it is another key. */
export function decidedUnit(key: string): string | undefined {
  return /^([a-z][a-z0-9-]*\/\d+)-certificates$/.exec(key)?.[1];
}

export function formatWish(id: string, requests: readonly string[]): string {
  return `{"id": ${JSON.stringify(id)}, "requests": [${requests.map((name) => JSON.stringify(name)).join(', ')}]}`;
}

/** What the other side wrote, or undefined when it is not what it should be. */
export function parseWish(text: string | undefined): { id: string; requests: readonly string[] } | undefined {
  const { id, requests } = parse(text) ?? {};
  const named =
    Array.isArray(requests) &&
    requests.length <= 10 &&
    requests.every((name) => typeof name === 'string' && /^[a-z0-9.-]{1,253}$/.test(name));
  return typeof id === 'string' && named ? { id, requests: requests as string[] } : undefined;
}

export function formatDecision({ id, approved, reason }: Decision): string {
  return `{"id": ${JSON.stringify(id)}, "approved": ${approved}, "reason": ${JSON.stringify(reason)}}`;
}

export function parseDecision(text: string | undefined): Decision | undefined {
  const { id, approved, reason } = parse(text) ?? {};
  return typeof id === 'string' && typeof approved === 'boolean'
    ? { id, approved, reason: String(reason ?? '') }
    : undefined;
}

function parse(text: string | undefined): Record<string, unknown> | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
