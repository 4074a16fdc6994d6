/** Guards that no more than so many requests are under way, that all of them come to their turn, and that a failure gives its turn on. */
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inTurn } from '../../../../src/capabilities/hardening/policies/observe/in-turn.ts';

it('lets in no more than so many at a time, in order, whatever becomes of them', async () => {
  const turn = inTurn(3);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, number) =>
      turn(async () => {
        begun.push(number);
        running += 1;
        most = Math.max(most, running);
        await wait(number % 4);
        running -= 1;
        if (number % 5 === 0) throw new Error(String(number));
        return number;
      }),
    ),
  );
  expect(most).toBe(3);
  expect(begun).toEqual(Array.from({ length: 20 }, (_, number) => number));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(4);
  // Nothing is left behind: three more come in at once.
  const after = [0, 1, 2].map(() => turn(() => wait(5)));
  expect(running).toBe(0);
  await Promise.all(after);
});
