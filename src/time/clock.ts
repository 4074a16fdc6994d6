/** Time, as a dispatch sees it and waits for it. Limits of connections are not of it: they are for peers, which live in real time. */

import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  now(): Date;
  /** Milliseconds of a clock that nobody sets; for spans. */
  elapsed(): number;
  sleep(ms: number): Promise<void>;
}

export const CLOCK: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: (ms) => wait(ms),
};
