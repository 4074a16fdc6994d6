/** Timers of something that can lose its power: stopping it stops them all, and what waits for one never goes on. */

import { type Pull, schedule, type Timer } from '../../time/virtual-time.ts';

export interface Timers {
  readonly stopped: boolean;
  /** Runs `action` once after `ms`; what it throws is kept, never lost: `failure` tells. */
  after(ms: number, action: () => void | Promise<void>): void;
  /** Runs `action` each `ms`, never two at once; nobody waits for it. */
  each(ms: number, action: () => void | Promise<void>): void;
  sleep(ms: number): Promise<void>;
  /** As `sleep`, of what happens over and over: nobody waits for it. */
  pause(ms: number): Promise<void>;
  /** Resolves when no action is running. */
  idle(): Promise<void>;
  /** Resolves when all that was to run `after` some time has run. */
  rest(): Promise<void>;
  stop(): void;
}

export function createTimers(onFailure: (error: unknown) => void): Timers {
  const pending = new Set<Timer>();
  const running = new Set<Promise<void>>();
  const outstanding = new Set<Promise<void>>();
  let stopped = false;

  const run = (action: () => void | Promise<void>): Promise<void> => {
    const work = (async () => {
      try {
        await action();
      } catch (error) {
        if (!stopped) onFailure(error);
      }
    })();
    running.add(work);
    void work.then(() => running.delete(work));
    return work;
  };

  const after = (ms: number, pull: Pull, action: () => void | Promise<void>): void => {
    if (stopped) return;
    const timer = schedule(ms, pull, () => {
      pending.delete(timer);
      void run(action);
    });
    pending.add(timer);
  };

  return {
    get stopped() {
      return stopped;
    },
    after: (ms, action) => {
      if (stopped) return;
      const ran = new Promise<void>((done) => {
        after(ms, 'forward', async () => {
          try {
            await action();
          } finally {
            done();
          }
        });
      });
      outstanding.add(ran);
      void ran.then(() => outstanding.delete(ran));
    },
    each: (ms, action) => {
      const turn = (): void => {
        after(ms, 'along', async () => {
          try {
            await action();
          } finally {
            turn();
          }
        });
      };
      turn();
    },
    sleep: (ms) => new Promise((resolve) => after(ms, 'forward', resolve)),
    pause: (ms) => new Promise((resolve) => after(ms, 'along', resolve)),
    idle: async () => {
      while (running.size > 0) await Promise.all([...running]);
    },
    rest: async () => {
      while (outstanding.size > 0) await Promise.all([...outstanding]);
    },
    stop: () => {
      stopped = true;
      for (const timer of pending) timer.cancel();
      pending.clear();
    },
  };
}
