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
  stop(): void;
}

export function createTimers(onFailure: (error: unknown) => void): Timers {
  const pending = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
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
      after(ms, action);
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
    stop: () => {
      stopped = true;
      for (const timer of pending) clearTimeout(timer);
      pending.clear();
    },
  };
}
