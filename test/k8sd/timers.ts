/** Timers of something that can lose its power: stopping it stops them all, and what waits for one never goes on. */

export interface Timers {
  readonly stopped: boolean;
  /** Runs `action` once after `ms`; what it throws is kept, never lost: `failure` tells. */
  after(ms: number, action: () => void | Promise<void>): void;
  /** Runs `action` each `ms`, never two at once, without keeping the process alive. */
  each(ms: number, action: () => void | Promise<void>): void;
  sleep(ms: number): Promise<void>;
  /** Resolves when no action is running. */
  idle(): Promise<void>;
  /** Resolves when all that was to run `after` some time has run. */
  rest(): Promise<void>;
  stop(): void;
}

export function createTimers(onFailure: (error: unknown) => void): Timers {
  const pending = new Set<NodeJS.Timeout>();
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

  const after = (ms: number, action: () => void | Promise<void>): NodeJS.Timeout | undefined => {
    if (stopped) return undefined;
    const timer = setTimeout(() => {
      pending.delete(timer);
      void run(action);
    }, ms);
    pending.add(timer);
    return timer;
  };

  return {
    get stopped() {
      return stopped;
    },
    after: (ms, action) => {
      if (stopped) return;
      const ran = new Promise<void>((done) => {
        after(ms, async () => {
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
        after(ms, async () => {
          try {
            await action();
          } finally {
            turn();
          }
        })?.unref();
      };
      turn();
    },
    sleep: (ms) => new Promise((resolve) => after(ms, resolve)),
    idle: async () => {
      while (running.size > 0) await Promise.all([...running]);
    },
    rest: async () => {
      while (outstanding.size > 0) await Promise.all([...outstanding]);
    },
    stop: () => {
      stopped = true;
      for (const timer of pending) clearTimeout(timer);
      pending.clear();
    },
  };
}
