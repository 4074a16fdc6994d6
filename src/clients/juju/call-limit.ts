/** Lets a few calls of hook tools run at a time: the agent runs one after the other, and holds what each of them prints until it is read. */

const CALLS_AT_ONCE = 4;

/** Runs the work as soon as fewer than four others run, in the order in which it was asked for. */
export type CallLimit = <T>(work: () => Promise<T>) => Promise<T>;

export function createCallLimit(): CallLimit {
  const waiting: (() => void)[] = [];
  let running = 0;

  const enter = async (): Promise<void> => {
    if (running < CALLS_AT_ONCE) {
      running += 1;
      return;
    }
    await new Promise<void>((resolve) => waiting.push(resolve));
  };

  const leave = (): void => {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  };

  return async (work) => {
    await enter();
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
