/**
 * What the Python charms leave on a machine when this charm takes their place: a systemd timer that dispatches an event of theirs
 * (`reschedule.py` of canonical/k8s-operator), which nobody needs any more.
 */

import type { Doors } from './doors.ts';
import { identify, type PlannedChange } from './planned-change.ts';

const FOLDER = '/etc/systemd/system';
const EVENT = 'update_status';
const TIMEOUT = { timeoutMs: 30_000 };

/** Looked for when the charm has changed, and by actions. */
export async function planLeftovers({ juju, host }: Doors): Promise<readonly PlannedChange[]> {
  const { kind } = juju.event;
  if (kind !== 'upgrade-charm' && kind !== 'action') return [];
  const unit = `${juju.identity.application}.${EVENT}`;
  const files = [`${FOLDER}/${unit}.timer`, `${FOLDER}/${unit}.service`];
  const found = await Promise.all(files.map((path) => host.files.status(path)));
  if (found.every((status) => status === undefined)) return [];
  const apply = async () => {
    await host.run('systemctl', ['disable', '--now', `${unit}.timer`], TIMEOUT);
    for (const path of files) await host.files.remove(path);
    await host.run('systemctl', ['daemon-reload'], TIMEOUT);
  };
  const description = `remove the systemd timer ${unit}.timer of the Python charm`;
  return [{ id: identify('charm', { kind: 'remove-timer', unit }), description, disruptive: false, apply }];
}
