/** A context of hook tools that stays open, for calling them from a test instead of from a charm: commands on a unit that wait. */

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from './environment.ts';

export interface HeldContext {
  /** As the unit's commands have it. */
  readonly environment: Environment;
  /** Lets the commands end. */
  release(): Promise<void>;
}

/** @param run runs commands of a shell in a context of the unit, until they have ended. */
export async function holdContext(run: (script: string) => Promise<unknown>): Promise<HeldContext> {
  const folder = await mkdtemp(join(tmpdir(), 'hc-'));
  const [variables, done] = [join(folder, 'variables'), join(folder, 'done')];
  const running = run(
    `env -0 > ${variables}.new; mv ${variables}.new ${variables}; until [ -e ${done} ]; do sleep 0.05; done`,
  );
  while (!existsSync(variables)) await sleep(20);
  const entries = (await readFile(variables, 'utf8')).split('\0').filter((entry) => entry.includes('='));
  return {
    environment: Object.fromEntries(
      entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
    ),
    async release() {
      await writeFile(done, '');
      await running;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
