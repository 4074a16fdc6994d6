/**
 * The words of the `k8s-cluster` interface, spoken on the peer relation `cluster` and between `k8s-cluster` (control plane)
 * and `cluster` (worker). Existing charms speak them too: names and forms must not change.
 */

import type { Databag, SecretContent } from '../../clients/juju/juju.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { isNodeName } from '../../core/node-name.ts';
import { line, object, or, wholeOrDigits } from '../../core/shapes.ts';

/** Unit databag keys. */
export const NODE_NAME = 'node-name';
export const CLUSTER_NAME = 'cluster-name';
export const JOINED = 'joined';
export const VERSION = 'version';
export const TOKEN_FAILURE = 'token-failure';
/** Ours, a worker's: the address with which its node joins, where Juju puts another of the machine's first. */
export const JOIN_ADDRESS = 'join-address';

/** Application databag keys of the control plane; `version` as above. */
export const BOOTSTRAP_CERTIFICATES = 'bootstrap-certificates';
/** Ours: the server CA of a cluster whose CA is not k8sd's own, PEM, with those that vouch for it. */
export const CERTIFICATE_AUTHORITY = 'certificate-authority';
/** Ours: authorities whose key the operator keeps, as `{"ca": "<PEM>", …}`; absent when k8sd has all of them. */
export const KEPT_AUTHORITIES = 'kept-authorities';
/** Ours: which unit makes a token for a leader that is not in the cluster itself. */
export const DEPUTY = 'deputy';

export const UNIT_NAME = /^[a-z][a-z0-9-]*\/\d+$/;

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
  const known = allocated.get(applicationBag);
  if (known !== undefined) return known;
  const found = readAllocations(applicationBag);
  allocated.set(applicationBag, found);
  return found;
}

/** That of a thousand workers is asked for as often as there are workers. */
const allocated = new WeakMap<Databag, ReadonlyMap<string, Allocation>>();

function readAllocations(applicationBag: Databag): ReadonlyMap<string, Allocation> {
  const found = new Map<string, Allocation>();
  for (const [key, value] of Object.entries(applicationBag)) {
    const match = /^(pending|joined)-(.+)$/.exec(value);
    if (UNIT_NAME.test(key) && match?.[1] !== undefined && match[2] !== undefined && isNodeName(match[2]))
      found.set(key, { state: match[1] as Allocation['state'], node: match[2] });
  }
  return found;
}

export interface TokenFailure {
  readonly revision: number;
  readonly error: string;
}

/** As the existing charms write JSON, so that equal content is equal text. */
export function formatTokenFailure({ revision, error }: TokenFailure): string {
  return `{"revision": ${revision}, "error": ${JSON.stringify(error)}}`;
}

const TOKEN_FAILURE_SHAPE = object({ revision: wholeOrDigits(), error: or(line(1000), '') });

/** Undefined for an absent or an unreadable one: the other side is not trusted to write sense. */
export function parseTokenFailure(written: string | undefined): TokenFailure | undefined {
  return readForeign(written, TOKEN_FAILURE_SHAPE);
}

/** Revision of an offer that its unit says has failed, and that has not been renewed since; undefined when there is none. */
export function failedRevision(bag: Databag | undefined, content: SecretContent | undefined): number | undefined {
  const revision = Number(content?.['revision'] ?? Number.NaN);
  return parseTokenFailure(bag?.[TOKEN_FAILURE])?.revision === revision ? revision : undefined;
}

/** `1.36` of `1.36.4`, as a number to compare: 36. Undefined when it is no version of Kubernetes 1. */
export function minorOf(version: string): number | undefined {
  const minor = /^1\.(\d+)(?:\.|$)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
