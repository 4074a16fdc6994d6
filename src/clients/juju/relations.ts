/** Relations and their databags: reads asked once per dispatch, writes collected and sent once, where they differ from what Juju holds. */

import { listFrom, stringFrom, stringsFrom } from './answer-shapes.ts';
import { NotFound, PermissionDenied, UnusableAnswer } from './errors.ts';
import type { Event } from './event.ts';
import type { HookTools } from './hook-tools.ts';
import { applicationOf } from './identity.ts';
import type { Databag, Identity, Relations, UnusableBag } from './juju.ts';
import { byName } from './natural-order.ts';
import { type RememberedDatabags, withoutJujuKeys } from './remembered-databags.ts';
import { yamlMap, yamlString } from './yaml-map.ts';

/** go-yaml gives a key up when it is longer than this, counted as it is written. */
const LONGEST_KEY = 1000;

/** Every unit on the other side reads the whole bag again after each change; Juju itself would take 16 MiB. */
const LARGEST_VALUE = 1024 * 1024;

/**
 * Bytes of what `relation-get` prints. Juju takes 16 MiB a databag, and JSON escapes one byte with up to six; a unit's databag has some
 * KiB. An application's may hold the certificates of a whole cluster.
 */
const LARGEST_UNIT_BAG = 2 * 1024 * 1024;
const LARGEST_APPLICATION_BAG = 24 * 1024 * 1024;

type Entries = Readonly<Record<string, string | undefined>>;

export interface CollectedRelations extends Relations {
  /** One `relation-set` for each relation and scope that differs from what Juju holds. */
  flush(): Promise<void>;
  /** Whether a relation is known to have ended, from what was read in this dispatch or from the event. */
  isGone(relation: string): boolean;
  /** Relations whose own unit databag this dispatch wrote. */
  written(): readonly string[];
}

export function createRelations(
  tools: HookTools,
  identity: Identity,
  event: Event,
  remembered: RememberedDatabags,
): CollectedRelations {
  const broken = event.kind === 'relation-broken' ? event.relation : undefined;
  const idsRead = new Map<string, readonly string[]>();
  const remoteBagsRead = new Map<string, Promise<ReadonlyMap<string, Databag>>>();
  const pendingUnit = new Map<string, Map<string, string>>();
  const pendingApplication = new Map<string, Map<string, string>>();
  /** What was sent in this dispatch: Juju shows it to later reads, but ours are cached. */
  const sent = new Map<string, Map<string, string>>();

  const unusable = new Map<string, UnusableBag>();

  const askBag = async (
    relation: string,
    flags: readonly string[],
    owner: string,
    largest?: number,
  ): Promise<Databag> => {
    try {
      const args = ['-r', relation, ...flags, '-', owner];
      return await tools.ask('relation-get', args, stringsFrom('relation-get'), largest);
    } catch (error) {
      // Never joined, gone, or not ours to read: nothing there for us. Any other refusal must not look like an empty bag.
      if (error instanceof NotFound || error instanceof PermissionDenied) return {};
      throw error;
    }
  };

  /** Of somebody else: whatever they write, the dispatch goes on without them. */
  const askRemoteBag = async (relation: string, owner: string): Promise<Databag> => {
    const [flags, largest] = owner.includes('/') ? [[], LARGEST_UNIT_BAG] : [['--app'], LARGEST_APPLICATION_BAG];
    try {
      return await askBag(relation, flags, owner, largest);
    } catch (error) {
      if (!(error instanceof UnusableAnswer)) throw error;
      const reason = `cannot be used: ${error.message}`;
      unusable.set(`${relation} ${owner}`, { relation, owner, reason });
      return {};
    }
  };

  const ownUnitBag = async (relation: string): Promise<Databag> => {
    const recalled = await remembered.recallOwn(relation);
    if (recalled !== undefined) return recalled;
    const held = withoutJujuKeys(merge(await askBag(relation, [], identity.unit), sent.get(`unit ${relation}`)));
    remembered.rememberOwn(relation, held);
    return held;
  };

  const ownApplicationBag = async (relation: string): Promise<Databag> => {
    const held = await askBag(relation, ['--app'], identity.application);
    return merge(held, sent.get(`application ${relation}`));
  };

  const units = async (relation: string): Promise<readonly string[]> => {
    const listed = await tools.ask('relation-list', ['-r', relation], listFrom('relation-list'));
    return listed.toSorted(byName('/'));
  };

  const readRemoteBags = async (relation: string): Promise<ReadonlyMap<string, Databag>> => {
    const [present, known] = await Promise.all([units(relation), remembered.recall(relation)]);
    const bags = await Promise.all(
      present.map(async (unit): Promise<readonly [string, Databag]> => {
        const bag = known.get(unit) ?? withoutEgress(await askRemoteBag(relation, unit));
        return [unit, bag];
      }),
    );
    // One that counts as empty is looked at again each time: it has to be reported for as long as it stands there.
    await remembered.remember(relation, new Map(bags.filter(([unit]) => !unusable.has(`${relation} ${unit}`))));
    return new Map(bags);
  };

  const send = async (
    scope: 'unit' | 'application',
    relation: string,
    entries: ReadonlyMap<string, string>,
    held: Databag,
  ) => {
    const differing = [...entries].filter(([key, value]) => (held[key] ?? '') !== value);
    if (differing.length === 0) return;
    const flags = scope === 'application' ? ['--app'] : [];
    await tools.run('relation-set', ['-r', relation, ...flags, '--file', '-'], yamlMap(differing));
    const key = `${scope} ${relation}`;
    sent.set(key, new Map([...(sent.get(key) ?? []), ...differing]));
  };

  const flushUnit = async (relation: string, entries: ReadonlyMap<string, string>): Promise<void> => {
    const held = await ownUnitBag(relation);
    await send('unit', relation, entries, held);
    remembered.rememberOwn(relation, merge(held, entries));
  };

  const flushApplication = async (relation: string, entries: ReadonlyMap<string, string>): Promise<void> => {
    await send('application', relation, entries, await ownApplicationBag(relation));
  };

  return {
    async ids(endpoint) {
      const listed = await tools.ask('relation-ids', [endpoint], listFrom('relation-ids'));
      const ids = listed.toSorted(byName(':'));
      idsRead.set(endpoint, ids);
      return ids;
    },

    units,

    async application(relation) {
      if ('relation' in event && event.relation === relation && event.remoteApplication !== '')
        return event.remoteApplication;
      // The list of units is asked for in any case, so that most often this is no call of its own.
      const [first] = await units(relation);
      if (first !== undefined) return applicationOf(first);
      return tools.ask('relation-list', ['-r', relation, '--app'], stringFrom('relation-list'));
    },

    async unitBag(relation, unit) {
      if (unit !== identity.unit) return askRemoteBag(relation, unit);
      return merge(await ownUnitBag(relation), pendingUnit.get(relation));
    },

    async applicationBag(relation, application) {
      if (application === '') return {};
      if (application !== identity.application) return askRemoteBag(relation, application);
      return merge(await ownApplicationBag(relation), pendingApplication.get(relation));
    },

    remoteBags(relation) {
      const known = remoteBagsRead.get(relation);
      if (known !== undefined) return known;
      const reading = readRemoteBags(relation);
      remoteBagsRead.set(relation, reading);
      reading.catch(() => remoteBagsRead.delete(relation));
      return reading;
    },

    unusable: () => [...unusable.values()],

    setUnit(relation, entries) {
      collect(pendingUnit, relation, entries);
    },

    setApplication(relation, entries) {
      collect(pendingApplication, relation, entries);
    },

    async flush() {
      await Promise.all([
        ...[...pendingUnit].map(([relation, entries]) => flushUnit(relation, entries)),
        ...[...pendingApplication].map(([relation, entries]) => flushApplication(relation, entries)),
      ]);
      pendingUnit.clear();
      pendingApplication.clear();
    },

    isGone(relation) {
      const ids = idsRead.get(relation.slice(0, relation.lastIndexOf(':')));
      return relation === broken || (ids !== undefined && !ids.includes(relation));
    },

    written: () => [...pendingUnit.keys()],
  };
}

/** An empty value is how a databag says that a key is to go. */
function merge(held: Databag, changes: ReadonlyMap<string, string> = new Map()): Databag {
  const all = new Map([...Object.entries(held), ...changes]);
  return Object.fromEntries([...all].filter(([, value]) => value !== ''));
}

function collect(pending: Map<string, Map<string, string>>, relation: string, entries: Entries): void {
  const collected = pending.get(relation) ?? new Map<string, string>();
  for (const [key, value = ''] of Object.entries(entries)) {
    checkLimits(relation, key, value);
    collected.set(key.toWellFormed(), value.toWellFormed());
  }
  pending.set(relation, collected);
}

function checkLimits(relation: string, key: string, value: string): void {
  if (key === '') throw new RangeError(`databag of ${relation}: a key cannot be empty`);
  if (yamlString(key).length > LONGEST_KEY) {
    throw new RangeError(`databag of ${relation}: key '${key.slice(0, 60)}…' is longer than Juju can read`);
  }
  if (Buffer.byteLength(value) > LARGEST_VALUE) {
    throw new RangeError(`databag of ${relation}: the value of '${key}' is larger than ${LARGEST_VALUE} bytes`);
  }
}

/** Changes of it come without an event, so that it is not worth remembering. */
function withoutEgress(bag: Databag): Databag {
  return Object.fromEntries(Object.entries(bag).filter(([key]) => key !== 'egress-subnets'));
}
