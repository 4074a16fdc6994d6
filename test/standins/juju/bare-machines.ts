/** Machines with nothing on them: a folder, a name, an address. Enough for charms that only talk to Juju. */

import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine, MachineProvider } from './machine.ts';

interface MachineRecord {
  readonly hostname: string;
  readonly address: string;
}

export interface BareMachines extends MachineProvider {
  /** Ids of machines that were rebooted, in order. */
  readonly reboots: readonly string[];
  /** Ids of machines that were terminated, in order. */
  readonly terminated: readonly string[];
}

/** Opens the machines that live in this folder, or begins with none. */
export function openBareMachines({ directory }: { readonly directory: string }): BareMachines {
  const file = join(directory, 'machines.json');
  const records: Record<string, MachineRecord> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const reboots: string[] = [];
  const terminated: string[] = [];

  const machine = (id: string, record: MachineRecord): Machine => ({
    id,
    ...record,
    root: join(directory, id),
    environment: {},
    observer: undefined,
    async reboot() {
      reboots.push(id);
    },
    async terminate() {
      terminated.push(id);
    },
  });

  return {
    reboots,
    terminated,
    async provision(id) {
      const record = records[id] ?? newRecord(id);
      records[id] = record;
      await mkdir(join(directory, id), { recursive: true });
      return machine(id, record);
    },
    async save() {
      await mkdir(directory, { recursive: true });
      await writeFile(`${file}.new`, JSON.stringify(records));
      await rename(`${file}.new`, file);
    },
    async close() {
      // Nothing runs.
    },
  };
}

function newRecord(id: string): MachineRecord {
  return { hostname: `juju-${randomBytes(3).toString('hex')}-${id}`, address: randomAddress() };
}

/** In 127.0.0.0/8, away from its ends. */
function randomAddress(): string {
  const [a = 0, b = 0, c = 0] = randomBytes(3);
  return `127.${(a % 250) + 2}.${b % 254}.${(c % 253) + 1}`;
}
