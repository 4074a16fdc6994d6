/**
 * Databags remembered in the unit state, so that a dispatch asks Juju only for those that may have changed.
 *
 * A remembered bag is trusted because Juju delivers an event for each change of a remote unit's bag, and commits our state with
 * the hook of that event. Hence the exceptions: the unit of this event; units of events whose hook never came to its end
 * (it may have been skipped); everything after an upgrade of the charm, when another program may have left the state.
 * Our own bag has no other writer than us, and its memory is committed with the bag itself.
 */

import { isJsonObject, isRecordOfStrings } from './answer-shapes.ts';
import type { Event } from './event.ts';
import type { Databag } from './juju.ts';
import type { LocalMemory } from './local-memory.ts';
import { type CollectedState, fitsInState } from './state.ts';

/** Keys that Juju writes itself, into every unit's bag. */
const JUJU_KEYS: ReadonlySet<string> = new Set(['egress-subnets', 'ingress-address', 'private-address']);

/** Juju allows a unit 2 MiB of state in all; others than this memory want some of it. */
const LARGEST_MEMORY = 1024 * 1024;

const UNREAD = 'unread';
const EVERYTHING = '*';

export interface RememberedDatabags {
  /** Bags of remote units that are known without asking. */
  recall(relation: string): Promise<ReadonlyMap<string, Databag>>;
  /** Replaces the memory of the relation by what its units hold now. */
  remember(relation: string, bags: ReadonlyMap<string, Databag>): Promise<void>;
  /** Our own bag without Juju's keys, when it is known without asking. */
  recallOwn(relation: string): Promise<Databag | undefined>;
  rememberOwn(relation: string, bag: Databag): void;
  /**
   * To be called before the state is sent: forgets relations that are gone, and bags that should have been read in this dispatch
   * but were not, because the charm had no use for them this time.
   */
  settle(isGone: (relation: string) => boolean): Promise<void>;
  /** To be called when everything has been sent: this event needs no second look. */
  eventHandled(): void;
}

export function createRememberedDatabags(event: Event, state: CollectedState, local: LocalMemory): RememberedDatabags {
  const unread = new Set([...unreadBefore(local), ...unreadBy(event)]);
  local.set({ [UNREAD]: unread.size === 0 ? undefined : JSON.stringify([...unread]) });
  const readNow = new Set<string>();
  const ownWrittenNow = new Set<string>();

  /** Of the relations in memory that nobody read in this dispatch, what must be forgotten. */
  const forgetUnread = async (): Promise<void> => {
    for (const key of unread) {
      if (key !== EVERYTHING && !readNow.has(relationOf(key))) state.set(key, undefined);
    }
    if (!unread.has(EVERYTHING)) return;
    for (const key of Object.keys(await state.entries('own/'))) {
      if (!ownWrittenNow.has(relationOf(key))) state.set(key, undefined);
    }
    for (const key of Object.keys(await state.entries('bag/'))) {
      const relation = relationOf(key);
      if (!readNow.has(relation)) state.set(rereadKey(relation), 'all');
    }
  };

  const forgetGone = async (isGone: (relation: string) => boolean): Promise<void> => {
    for (const prefix of ['bag/', 'own/', 'reread/']) {
      for (const key of Object.keys(await state.entries(prefix))) {
        if (isGone(relationOf(key))) state.set(key, undefined);
      }
    }
  };

  return {
    async recall(relation) {
      if (unread.has(EVERYTHING) || (await state.get(rereadKey(relation))) !== undefined) return new Map();
      const known = new Map<string, Databag>();
      for (const [key, text] of Object.entries(await state.entries(bagKey(relation, '')))) {
        const bag = parseBag(text);
        if (bag !== undefined && !unread.has(key)) known.set(unitOf(key), bag);
      }
      return known;
    },

    async remember(relation, bags) {
      const others = Object.entries(await state.entries('bag/')).filter(([key]) => relationOf(key) !== relation);
      let size = others.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
      const kept = new Map<string, string>();
      for (const [unit, bag] of bags) {
        const key = bagKey(relation, unit);
        const text = JSON.stringify(bag);
        size += Buffer.byteLength(key) + Buffer.byteLength(text);
        if (size <= LARGEST_MEMORY && fitsInState(key, text)) kept.set(key, text);
      }
      for (const key of Object.keys(await state.entries(bagKey(relation, '')))) {
        if (!kept.has(key)) state.set(key, undefined);
      }
      for (const [key, text] of kept) state.set(key, text);
      state.set(rereadKey(relation), undefined);
      readNow.add(relation);
    },

    async recallOwn(relation) {
      if (unread.has(EVERYTHING) && !ownWrittenNow.has(relation)) return undefined;
      const text = await state.get(ownKey(relation));
      return text === undefined ? undefined : parseBag(text);
    },

    rememberOwn(relation, bag) {
      const text = JSON.stringify(withoutJujuKeys(bag));
      state.set(ownKey(relation), fitsInState(ownKey(relation), text) ? text : undefined);
      ownWrittenNow.add(relation);
    },

    async settle(isGone) {
      await forgetUnread();
      if (state.fetched || event.kind === 'relation-broken') await forgetGone(isGone);
    },

    eventHandled() {
      local.set({ [UNREAD]: undefined });
    },
  };
}

/** What a unit's bag says beside what Juju writes into it. */
export function withoutJujuKeys(bag: Databag): Databag {
  return Object.fromEntries(Object.entries(bag).filter(([key]) => !JUJU_KEYS.has(key)));
}

/** What this event says may have changed. A unit that departs is not listed any more, so nobody asks its memory. */
function unreadBy(event: Event): readonly string[] {
  if (event.kind === 'upgrade-charm') return [EVERYTHING];
  if (event.kind !== 'relation-joined' && event.kind !== 'relation-changed') return [];
  return event.remoteUnit === undefined ? [] : [bagKey(event.relation, event.remoteUnit)];
}

/** What earlier events said whose hook did not come to its end. */
function unreadBefore(local: LocalMemory): readonly string[] {
  const text = local.get(UNREAD);
  if (text === undefined) return [];
  const keys: unknown = parse(text);
  const readable = Array.isArray(keys) && keys.every((key) => typeof key === 'string');
  return readable ? keys : [EVERYTHING];
}

function bagKey(relation: string, unit: string): string {
  return `bag/${relation}/${unit}`;
}

/** Our own bag of the relation, as it stands with the hooks that ended well. */
export function ownKey(relation: string): string {
  return `own/${relation}`;
}

function rereadKey(relation: string): string {
  return `reread/${relation}`;
}

/** `cluster:0` of `bag/cluster:0/k8s/1`. */
function relationOf(key: string): string {
  return key.split('/')[1] ?? '';
}

function unitOf(key: string): string {
  return key.split('/').slice(2).join('/');
}

function parseBag(text: string): Databag | undefined {
  const bag = parse(text);
  return isJsonObject(bag) && isRecordOfStrings(bag) ? bag : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
