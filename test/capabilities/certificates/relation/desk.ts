/**
 * A unit with the integration on its desk: databags, secrets and state in memory, written as Juju commits them, when a dispatch has
 * ended well. For looking at decisions with real keys and requests; the local model shows the same with real processes.
 */

import { randomUUID } from 'node:crypto';
import { applyRelation } from '../../../../src/capabilities/certificates/relation/apply.ts';
import type { RelationChange } from '../../../../src/capabilities/certificates/relation/change.ts';
import { noteRunOut } from '../../../../src/capabilities/certificates/relation/expiry.ts';
import type { Timing } from '../../../../src/capabilities/certificates/relation/facts.ts';
import { observeRelation } from '../../../../src/capabilities/certificates/relation/observe.ts';
import { planRelation, type RelationPlan } from '../../../../src/capabilities/certificates/relation/plan.ts';
import type { CertificateWish } from '../../../../src/capabilities/certificates/relation/wish.ts';
import type { Event } from '../../../../src/clients/juju/event.ts';
import type { Juju, SecretContent, SecretOptions } from '../../../../src/clients/juju/juju.ts';

export interface KeptSecret {
  readonly id: string;
  readonly label: string;
  readonly owner: string;
  revision: number;
  content: SecretContent;
  expire: string | undefined;
}

type Bag = Record<string, string>;

export interface Desk {
  wishes: readonly CertificateWish[];
  /** Undefined: none. */
  relation: string | undefined;
  application: string;
  leader: boolean;
  now: Date;
  readonly timing: Timing;
  /** Ours, and the provider's application's. */
  unit: Bag;
  app: Bag;
  provider: Bag;
  readonly secrets: Map<string, KeptSecret>;
  readonly state: Map<string, string>;
}

export const NOON = new Date('2026-03-01T12:00:00Z');

export function newDesk(wishes: readonly CertificateWish[], desk: Partial<Desk> = {}): Desk {
  return {
    wishes,
    relation: 'certificates:4',
    application: 'ca',
    leader: true,
    now: NOON,
    timing: { renewAt: 0.9, safetyNet: 0.95, answerWithinMs: 15 * 60_000 },
    unit: { 'ingress-address': '10.0.0.1' },
    app: {},
    provider: {},
    secrets: new Map(),
    state: new Map(),
    ...desk,
  };
}

export interface Dispatched extends RelationPlan {
  /** All that was done until nothing was left to do, without what is only remembered. */
  readonly done: readonly RelationChange[];
}

const MOST_ROUNDS = 5;

/**
 * One dispatch of the requirer: observes, plans and applies until nothing is left to do, then commits. Juju 3.6 writes secrets before it
 * commits the rest: with `secrets` it gets no further than that.
 */
export async function dispatch(
  desk: Desk,
  event: Event = { kind: 'update-status' },
  committed: 'all' | 'secrets' = 'all',
): Promise<Dispatched> {
  const { juju, commit } = open(desk, event);
  if (event.kind === 'secret-expired') await noteRunOut(juju);
  const done: RelationChange[] = [];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { wishes, now, timing } = desk;
    const plan = planRelation(await observeRelation(juju, { endpoint: 'certificates', wishes, now, timing }));
    if (plan.changes.length === 0) {
      commit(committed);
      return { ...plan, done: done.filter(({ kind }) => kind !== 'remember') };
    }
    for (const change of plan.changes) await applyRelation(juju, 'certificates', change);
    done.push(...plan.changes);
  }
  throw new Error(`no end: ${done.map(({ kind }) => kind).join(', ')}`);
}

/** What changed, as `send-request apiserver`. */
export function kinds({ done }: Dispatched): readonly string[] {
  return done.map((change) => ('wish' in change ? `${change.kind} ${change.wish.id}` : change.kind));
}

export interface AskedFor {
  readonly certificate_signing_request: string;
  readonly ca: boolean;
}

export function asked(bag: Bag): readonly AskedFor[] {
  return JSON.parse(bag['certificate_signing_requests'] ?? '[]') as AskedFor[];
}

export function labelled(desk: Desk, part: string): readonly KeptSecret[] {
  return [...desk.secrets.values()].filter(({ label }) => label.startsWith(part));
}

/** The event with which Juju tells that the newest revision of a secret has run out. */
export function runsOut({ id, label, revision }: KeptSecret): Event {
  return { kind: 'secret-expired', uri: `secret:${id}`, label, revision };
}

function open(desk: Desk, event: Event): { readonly juju: Juju; commit(what: 'all' | 'secrets'): void } {
  const state = new Map(desk.state);
  const secrets = new Map([...desk.secrets].map(([id, secret]) => [id, { ...secret }]));
  const [unit, app] = [{ ...desk.unit }, { ...desk.app }];
  const removed = new Set<string>();
  const find = ({ uri, label }: { readonly uri?: string; readonly label?: string }): KeptSecret | undefined =>
    [...secrets.values()].find((secret) => secret.id === uri?.replace('secret:', '') || secret.label === label);

  const juju = {
    event,
    identity: { unit: 'requirer/0', application: 'requirer' },
    isLeader: async () => desk.leader,
    relations: {
      ids: async () => (desk.relation === undefined ? [] : desk.relation.split(' ')),
      application: async () => desk.application,
      unitBag: async () => ({ ...unit }),
      applicationBag: async (_relation: string, application: string) => {
        if (application === 'requirer' && !desk.leader) throw new Error('permission denied');
        return application === 'requirer' ? { ...app } : { ...desk.provider };
      },
      setUnit: (_relation: string, entries: Bag) => write(unit, entries),
      setApplication: (_relation: string, entries: Bag) => {
        if (!desk.leader) throw new Error('not the leader');
        write(app, entries);
      },
    },
    state: {
      get: async (key: string) => state.get(key),
      entries: async (prefix: string) => Object.fromEntries([...state].filter(([key]) => key.startsWith(prefix))),
      set: (key: string, value: string | undefined) =>
        void (value === undefined ? state.delete(key) : state.set(key, value)),
    },
    secrets: {
      get: async (reference: { readonly label: string }) => find(reference)?.content,
      info: async (reference: { readonly uri: string }) => find(reference),
      ids: async () => [...secrets.keys()],
      add: async (content: SecretContent, { label = '', owner = 'application', expire }: SecretOptions) => {
        if (find({ label })) throw new Error(`secret with label "${label}" already exists`);
        const id = randomUUID().replaceAll('-', '').slice(0, 20);
        secrets.set(id, { id, label, owner, content, expire, revision: 1 });
      },
      set: async (uri: string, content: SecretContent, { expire }: SecretOptions) => {
        const secret = find({ uri });
        if (removed.has(uri) || !secret) throw new Error('Juju would drop the new value');
        Object.assign(secret, { content, expire: expire ?? secret.expire, revision: secret.revision + 1 });
      },
      // As in Juju, what is removed can be read until the hook has ended.
      remove: async (uri: string) => void removed.add(uri.replace('secret:', '')),
    },
  } as unknown as Juju;

  return {
    juju,
    commit(what) {
      for (const id of removed) secrets.delete(id);
      replace(desk.secrets, secrets);
      if (what === 'secrets') return;
      replace(desk.state, state);
      desk.unit = unit;
      desk.app = app;
    },
  };
}

function write(bag: Bag, entries: Readonly<Record<string, string | undefined>>): void {
  for (const [key, value] of Object.entries(entries)) {
    if (value) bag[key] = value;
    else delete bag[key];
  }
}

function replace<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear();
  for (const [key, value] of source) target.set(key, value);
}
