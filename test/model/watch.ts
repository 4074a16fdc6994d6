/** Waiting for something to hold in a model: looked at whenever something has happened there, and not in between. */

export interface Watch {
  /** Something has happened. */
  notify(): void;
  /** The model itself has failed: everyone who waits, now or later, is told. */
  fail(error: unknown): void;
  /**
   * Resolves to true when the condition holds, or to false after the time. `pollMs`: look that often as well, for what
   * happens elsewhere.
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
        let timer: NodeJS.Timeout | undefined;
        let poll: NodeJS.Timeout | undefined;
        const end = (act: () => void): void => {
          clearTimeout(timer);
          clearInterval(poll);
          watchers.delete(look);
          act();
        };
        const look = (): void => {
          if (failure) end(() => reject(failure?.error));
          else if (condition()) end(() => resolve(true));
        };
        if (timeoutMs !== Number.POSITIVE_INFINITY) {
          timer = setTimeout(() => end(() => resolve(false)), Math.max(0, timeoutMs));
        }
        if (pollMs !== undefined) poll = setInterval(look, pollMs);
        watchers.add(look);
        look();
      });
    },
  };
}
