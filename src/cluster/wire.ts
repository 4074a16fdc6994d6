/**
 * The words of the `k8s-cluster` interface, spoken on the peer relation `cluster` and between `k8s-cluster` (control plane)
 * and `cluster` (worker). Existing charms speak them too: names and forms must not change.
 */

import type { Databag } from '../juju/juju.ts';

/** Unit databag keys. */
export const NODE_NAME = 'node-name';
export const CLUSTER_NAME = 'cluster-name';
export const JOINED = 'joined';
export const VERSION = 'version';
export const TOKEN_FAILURE = 'token-failure';

/** Application databag keys of the control plane; `version` as above. */
export const BOOTSTRAP_CERTIFICATES = 'bootstrap-certificates';
/** Ours: the server CA of a cluster whose CA is not k8sd's own, PEM, with those that vouch for it. */
export const CERTIFICATE_AUTHORITY = 'certificate-authority';
/** Ours: authorities whose key the operator keeps, as `{"ca": "<PEM>", …}`; absent when k8sd has all of them. */
export const KEPT_AUTHORITIES = 'kept-authorities';
/** Ours: which unit hands out a token to a leader that is not in the cluster itself, as `{"unit","for"}`. */
export const DEPUTY = 'deputy';

const UNIT_NAME = /^[a-z][a-z0-9-]*\/\d+$/;

export function secretIdKey(unit: string): string {
  return `${unit}-secret-id`;
}

/** The unit to which such a key belongs, in a list; none for another key. */
export function tokenHolder(key: string): readonly string[] {
  const unit = /^(.+)-secret-id$/.exec(key)?.[1];
  return unit === undefined ? [] : [unit];
}

/** What the allocator remembers of a unit. */
export interface Allocation {
  readonly state: 'pending' | 'joined';
  readonly node: string;
}

export function formatAllocation({ state, node }: Allocation): string {
  return `${state}-${node}`;
}

/** Every unit in an application databag with the node that it has or is to have, whatever its application is called. */
export function allocations(applicationBag: Databag): ReadonlyMap<string, Allocation> {
  const found = new Map<string, Allocation>();
  for (const [key, value] of Object.entries(applicationBag)) {
    const match = /^(pending|joined)-(.+)$/.exec(value);
    if (UNIT_NAME.test(key) && match?.[1] !== undefined && match[2] !== undefined)
      found.set(key, { state: match[1] as Allocation['state'], node: match[2] });
  }
  return found;
}

type JsonObject = Readonly<Record<string, unknown>>;

export interface TokenFailure {
  readonly revision: number;
  readonly error: string;
}

/** As the existing charms write JSON, so that equal content is equal text. */
export function formatTokenFailure({ revision, error }: TokenFailure): string {
  return `{"revision": ${revision}, "error": ${JSON.stringify(error)}}`;
}

/** Undefined for an absent or an unreadable one: the other side is not trusted to write sense. */
export function parseTokenFailure(text: string | undefined): TokenFailure | undefined {
  const value = parseObject(text);
  const revision = Number(value?.['revision']);
  if (value === undefined || !Number.isSafeInteger(revision)) return undefined;
  return { revision, error: String(value['error'] ?? '') };
}

/** A JSON object in a databag, or undefined when there is none or it is something else. */
export function parseObject(text: string | undefined): JsonObject | undefined {
  const value = parseJson(text);
  return isObject(value) ? value : undefined;
}

/** The objects of a JSON list in a databag; none when it is no list. */
export function parseObjects(text: string | undefined): readonly JsonObject[] {
  const value = parseJson(text);
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function parseJson(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `1.36` of `1.36.4`, as a number to compare: 36. Undefined when it is no version of Kubernetes 1. */
export function minorOf(version: string): number | undefined {
  const minor = /^1\.(\d+)(?:\.|$)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
