/**
 * What Juju shows of us: unit and application status, workload version. Setting them takes effect at once, whether or not the
 * hook ends well, so what was last shown is remembered beside the charm and not in the unit state, which a failed hook loses.
 * It is forgotten before each call and remembered after it: killed in between, the next dispatch sets it again.
 */

import { shortened } from './argument-text.ts';
import type { Event } from './event.ts';
import type { HookTools } from './hook-tools.ts';
import type { LocalMemory } from './local-memory.ts';
import type { UnitStatus } from './status.ts';

export interface ShownStatus {
  setUnit(status: UnitStatus): Promise<void>;
  setApplication(status: UnitStatus): Promise<void>;
  setWorkloadVersion(version: string): Promise<void>;
}

/** Around these Juju sets the status itself, or somebody else may have: another leader, another revision of the charm. */
const FORGET_AT: ReadonlySet<Event['kind']> = new Set<Event['kind']>([
  'install',
  'start',
  'stop',
  'remove',
  'upgrade-charm',
  'leader-elected',
]);

const UNIT = 'status/unit';
const APPLICATION = 'status/application';
const VERSION = 'workload-version';

/** Bytes; `juju status` shows a message in one line. */
const LONGEST_MESSAGE = 1024;
/** A message may quote what another program wrote: what is not seen could make a terminal do something, or read otherwise. */
const UNSEEN = /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

export function createShownStatus(tools: HookTools, event: Event, local: LocalMemory): ShownStatus {
  if (FORGET_AT.has(event.kind)) local.set({ [UNIT]: undefined, [APPLICATION]: undefined, [VERSION]: undefined });

  const show = async (key: string, wanted: string, tool: string, args: readonly string[]): Promise<void> => {
    if (local.get(key) === wanted) return;
    local.set({ [key]: undefined });
    await tools.run(tool, args);
    local.set({ [key]: wanted });
  };

  const setStatus = (key: string, flags: readonly string[], { status, message }: UnitStatus): Promise<void> => {
    const shown = shortened(message.replaceAll(UNSEEN, ' ').trim(), LONGEST_MESSAGE);
    return show(key, `${status} ${shown}`, 'status-set', [...flags, '--', status, shown]);
  };

  return {
    setUnit: (status) => setStatus(UNIT, [], status),
    setApplication: (status) => setStatus(APPLICATION, ['--application'], status),
    setWorkloadVersion: (version) => show(VERSION, version, 'application-version-set', ['--', version]),
  };
}
