/**
 * systemd and the kernel, as far as one can look at them on a machine: what `systemctl show` says of a unit, the unit files of the
 * snap's services, and the command lines of their processes below /proc.
 */

import type { NodeMachine } from './machine.ts';

/** Where the state of units is kept for `systemctl`, in its own words. */
const UNITS = '/run/systemd/units';
const SYSTEMCTL = '/usr/bin/systemctl';

/** `systemctl show --property=… --no-pager UNIT…` in the folder that stands for the machine; of an unknown unit what systemd says. */
const script = `#!/bin/sh
root=$(cd "$(dirname "$0")/../.." && pwd)
[ "$1" = show ] || { echo "not a command of this systemctl: $1" >&2; exit 1; }
separator=
shift
for unit; do
  case $unit in --*) continue ;; esac
  printf "$separator"
  cat "$root${UNITS}/$unit" 2>/dev/null || printf 'MainPID=0\\nActiveState=inactive\\nUnitFileState=\\n'
  separator='\\n'
done
`;

/** What an image of Ubuntu Server has: sshd, started by its socket. */
export async function installSystemd(machine: NodeMachine): Promise<void> {
  await machine.files.write(SYSTEMCTL, script, 0o755);
  await recordUnit(machine, 'ssh.socket', { active: true, enabled: true });
  await recordUnit(machine, 'ssh.service', { active: false, enabled: false });
}

export interface RecordedUnit {
  readonly active: boolean;
  readonly enabled: boolean;
  /** Program and arguments of its process. */
  readonly words?: readonly string[];
}

const pids = { first: 1000, last: 32_000 } as const;

/** The process gets another number each time. */
export async function recordUnit(
  machine: NodeMachine,
  unit: string,
  { active, enabled, words }: RecordedUnit,
): Promise<void> {
  const path = `${UNITS}/${unit}`;
  const before = Number(/^MainPID=(\d+)$/m.exec((await machine.files.read(path)) ?? '')?.[1] ?? 0);
  if (before > 0) await machine.files.remove(`/proc/${before}`);
  const pid = words === undefined ? 0 : await freePid(machine, before);
  if (words !== undefined)
    await machine.files.write(`/proc/${pid}/cmdline`, words.map((word) => `${word}\0`).join(''), 0o444);
  const text = `MainPID=${pid}\nActiveState=${active ? 'active' : 'inactive'}\nUnitFileState=${enabled ? 'enabled' : 'disabled'}\n`;
  await machine.files.write(path, text, 0o644);
}

async function freePid(machine: NodeMachine, before: number): Promise<number> {
  const taken = new Set((await machine.files.list('/proc')).map(Number));
  let pid = before === 0 ? pids.first : before + 1;
  while (taken.has(pid)) pid = pid >= pids.last ? pids.first : pid + 1;
  return pid;
}

/** The unit files that snapd makes, at an install and anew at a refresh, whatever mode somebody gave them. */
export async function writeUnitFiles(machine: NodeMachine, services: readonly string[]): Promise<void> {
  for (const service of services) {
    const text = `[Unit]\nDescription=Service for snap application k8s.${service}\nX-Snappy=yes\n\n[Service]\nExecStart=/usr/bin/snap run k8s.${service}\n`;
    await machine.files.write(unitFile(service), text, 0o644);
  }
}

export function unitFile(service: string): string {
  return `/etc/systemd/system/snap.k8s.${service}.service`;
}
