/** Facts of nodes whose certificates end, for tables of what follows. */

import type { CertificateFacts, NodeIdentity } from '../../../../src/capabilities/certificates/facts.ts';
import type { Examined } from '../../../../src/capabilities/certificates/inventory/examined.ts';
import { CONTROL_PLANE_NAMES, WORKER_NAMES } from '../../../../src/capabilities/certificates/names.ts';
import { DEFAULT_OPTIONS } from '../../../../src/capabilities/certificates/options.ts';

export const NOW = new Date('2026-11-23T12:00:00Z');
export const DAY = 86_400;

export function ahead(seconds: number): Date {
  return new Date(NOW.getTime() + seconds * 1000);
}

/** One that was issued for `life` seconds, of which `left` are left. */
export function living(name: string, life: number, left: number, more: Partial<Examined> = {}): Examined {
  return { name, notBefore: ahead(left - life), notAfter: ahead(left), sans: [], issuable: true, flaws: [], ...more };
}

const YEARS = 20 * 365 * DAY;

export function authorities(role: 'control-plane' | 'worker', left = YEARS): readonly Examined[] {
  const names = role === 'worker' ? ['ca', 'client-ca'] : ['ca', 'client-ca', 'front-proxy-ca'];
  return names.map((name) => living(name, YEARS, left, { issuable: false }));
}

export function allLiving(role: 'control-plane' | 'worker', life: number, left: number): readonly Examined[] {
  const names = role === 'worker' ? WORKER_NAMES : CONTROL_PLANE_NAMES;
  return [...names.map((name) => living(name, life, left)), ...authorities(role)];
}

/** Puts others in the place of those of the same name. */
export function withOthers(inventory: readonly Examined[], ...others: readonly Examined[]): readonly Examined[] {
  return inventory.map((one) => others.find(({ name }) => name === one.name) ?? one);
}

export function factsOf(
  role: 'control-plane' | 'worker',
  inventory: readonly Examined[],
  more: Partial<CertificateFacts> = {},
  identity: Partial<NodeIdentity> = {},
): CertificateFacts {
  const node: NodeIdentity = {
    role,
    nodeName: 'juju-3f2a-0',
    minor: 36,
    address: '10.0.0.10',
    boundAddresses: ['10.0.0.10'],
    requiredSans: [],
    reserved: [],
    reservedRanges: [],
    leader: false,
    options: DEFAULT_OPTIONS,
    managers: {},
    workers: new Map(),
    workerAddresses: new Map(),
    ...identity,
  };
  return {
    node,
    note: undefined,
    leftovers: false,
    inventory,
    servedOtherwise: [],
    apiServer: undefined,
    authority: undefined,
    journal: undefined,
    announced: undefined,
    decides: undefined,
    approvedByHand: false,
    relation: role === 'worker' ? 'cluster:1' : undefined,
    decision: undefined,
    failure: undefined,
    renewal: { unit: role === 'worker' ? 'k8s-worker/0' : 'k8s/0', failed: undefined, approvedAt: [] },
    clusterRefresh: { relation: undefined, order: undefined, report: undefined, parts: [] },
    wishes: [],
    spent: [],
    now: NOW,
    ...more,
  };
}
