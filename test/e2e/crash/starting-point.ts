/**
 * Saved clusters in which runs begin, each run in a copy. A copy has the addresses of the original, since certificates hold them: of
 * all that come from one another, one is open at a time.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { Model } from '../../standins/juju/model.ts';
import { openMachines } from '../../standins/machines/machines.ts';
import { charmsFor, DISPATCH, type Dispatch, type TestCluster } from '../cluster.ts';

export type Use<T> = (cluster: TestCluster) => Promise<T>;

export interface StartingPoint {
  /** Opens a copy when no other is open any more, and removes it afterwards. */
  inCopy<T>(use: Use<T>): Promise<T>;
  /** Another one, to which this leads from here. */
  further(prepare: Use<void>): StartingPoint;
}

/** Long enough for things to be caught half way, short enough for hundreds of runs. */
const DELAYS = { snapChange: 40, k8sdGap: 60, signing: 50, restartAfterRefresh: 60 };

/**
 * To be called while a test file is loaded, at whose end it is removed; made when the first test wants it.
 * @param prepare from nothing to the state in which to begin, at rest.
 * @param dispatch where the charms' program runs. One way to be ended is as good as the other (see `test/standins/juju/in-process.test.ts`).
 */
export function startingPoint(prepare: Use<void>, dispatch: Dispatch = DISPATCH): StartingPoint {
  const inTurn = newTurns();
  return pointAt({ inTurn, dispatch }, (folder) =>
    inTurn(() => inModel({ directory: folder, dispatch }, Model.create, saved(prepare))),
  );
}

interface Family {
  readonly inTurn: Turns;
  readonly dispatch: Dispatch;
}

function pointAt(family: Family, make: (folder: string) => Promise<void>): StartingPoint {
  const { inTurn, dispatch } = family;
  const homes: string[] = [];
  let made: Promise<string> | undefined;
  const folder = (): Promise<string> => {
    made ??= (async () => {
      // Short: the sockets of the machines hang from it.
      const home = await mkdtemp(join(tmpdir(), 'cr-'));
      homes.push(home);
      await make(join(home, 'b'));
      return join(home, 'b');
    })();
    return made;
  };
  afterAll(async () => {
    for (const home of homes) await rm(home, { recursive: true, force: true });
  });
  return {
    async inCopy(use) {
      const from = await folder();
      return inTurn(() => inCopyOf(from, { directory: join(from, '..', 'c'), dispatch }, use));
    },
    further: (prepare) =>
      pointAt(family, async (target) => {
        const from = await folder();
        await inTurn(async () => {
          await Model.copyDirectory(from, target);
          await inModel({ directory: target, dispatch }, Model.open, saved(prepare));
        });
      }),
  };
}

type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/** One after the other, in the order in which they come. */
function newTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const own = last.then(work);
    last = own.catch(() => undefined);
    return own;
  };
}

function saved(prepare: Use<void>): Use<void> {
  return async (cluster) => {
    await prepare(cluster);
    await cluster.model.save();
  };
}

interface Place {
  readonly directory: string;
  readonly dispatch: Dispatch;
}

async function inCopyOf<T>(from: string, to: Place, use: Use<T>): Promise<T> {
  try {
    await Model.copyDirectory(from, to.directory);
    return await inModel(to, Model.open, use);
  } finally {
    await rm(to.directory, { recursive: true, force: true });
  }
}

async function inModel<T>({ directory, dispatch }: Place, start: typeof Model.open, use: Use<T>): Promise<T> {
  const machines = await openMachines({ directory, delays: DELAYS });
  const { archives, location } = await charmsFor(dispatch);
  const model = await start({ directory, provider: machines, ...location });
  try {
    return await use({ model, machines, directory, archives, close: () => model.close() });
  } finally {
    await model.close();
  }
}
