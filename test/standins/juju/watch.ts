/** Waiting for something to hold in a model: looked at whenever something has happened there, and not in between. */

import { schedule, type Timer } from '../../time/virtual-time.ts';

export interface Watch {
  /** Something has happened. */
  notify(): void;
  /** The model itself has failed: everyone who waits, now or later, is told. */
  fail(error: unknown): void;
  /**
   * Resolves to true when the condition holds, or to false after the time. `pollMs`: look that often as well, for what
   * happens elsewhere, which is what time is waited for.
   */
  until(condition: () => boolean, timeoutMs?: number, pollMs?: number): Promise<boolean>;
}

export function newWatch(): Watch {
  const watchers = new Set<() => void>();
  let failure: { readonly error: unknown } | undefined;

  const notify = (): void => {
    for (const look of [...watchers]) look();
  };

  return {
    notify,
    fail(error) {
      failure = { error };
      notify();
    },
    until(condition, timeoutMs = Number.POSITIVE_INFINITY, pollMs) {
      return new Promise((resolve, reject) => {
        let timer: Timer | undefined;
        let poll: Timer | undefined;
        let ended = false;
        const end = (act: () => void): void => {
          timer?.cancel();
          poll?.cancel();
          ended = true;
          watchers.delete(look);
          act();
        };
        const look = (): void => {
          if (failure) end(() => reject(failure?.error));
          else if (condition()) end(() => resolve(true));
        };
        const pollAgain = (ms: number): void => {
          poll = schedule(ms, 'forward', () => {
            look();
            if (!ended) pollAgain(ms);
          });
        };
        if (timeoutMs !== Number.POSITIVE_INFINITY)
          timer = schedule(Math.max(0, timeoutMs), 'along', () => end(() => resolve(false)));
        if (pollMs !== undefined) pollAgain(pollMs);
        watchers.add(look);
        look();
      });
    },
  };
}
