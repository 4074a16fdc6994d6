/** What a command that takes long shows meanwhile: each change of a unit's status, and now and then what is being run. */

import type { Model } from '../model.ts';

/** Commands that are over by then say nothing. */
const SILENT_MS = 3000;
const LOOK_MS = 500;
const SAY_SOMETHING_MS = 10_000;

/** Says it until the function that it gives is called. */
export function showProgress(model: Model, say: (line: string) => void): () => void {
  const began = Date.now();
  let last = began;
  const seen = statuses(model);
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - began < SILENT_MS) return;
    const time = new Date(now).toISOString().slice(11, 19);
    const found = statuses(model);
    for (const [unit, status] of found) {
      if (seen.get(unit) === status) continue;
      say(`${time} ${unit} ${status}`);
      last = now;
    }
    for (const unit of seen.keys()) if (!found.has(unit)) say(`${time} ${unit} removed`);
    seen.clear();
    for (const [unit, status] of found) seen.set(unit, status);
    if (now - last < SAY_SOMETHING_MS) return;
    const work = Object.values(model.status().units).flatMap(({ name, agent }) =>
      agent.status === 'idle' ? [] : [`${name} ${agent.message === '' ? agent.status : agent.message}`],
    );
    if (work.length > 0) say(`${time} after ${Math.round((now - began) / 1000)} s: ${work.join(', ')}`);
    last = now;
  }, LOOK_MS);
  return () => clearInterval(timer);
}

function statuses(model: Model): Map<string, string> {
  return new Map(
    Object.values(model.status().units).map(({ name, workload }) => [
      name,
      `${workload.status}${workload.message === '' ? '' : `: ${workload.message}`}`,
    ]),
  );
}
