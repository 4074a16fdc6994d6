/**
 * The capability: takes away what the Python charms leave on a machine when this charm takes their place, a systemd timer that dispatches an
 * event of theirs (`reschedule.py` of canonical/k8s-operator), which nobody needs any more.
 */

import { type Capability, NO_PLAN } from '../../core/capability.ts';
import { changeIdentity } from '../../core/change-identity.ts';

const FOLDER = '/etc/systemd/system';
const EVENT = 'update_status';
const TIMEOUT = { timeoutMs: 30_000 };

interface RemoveTimer {
  readonly unit: string;
}

export const pythonCharm: Capability<RemoveTimer, RemoveTimer> = {
  name: 'python charm',
  roles: ['control-plane', 'worker'],

  /** Looked for when the charm has changed, and by actions. */
  async observe({ juju, host }) {
    const { kind } = juju.event;
    if (kind !== 'upgrade-charm' && kind !== 'action') return undefined;
    const unit = `${juju.identity.application}.${EVENT}`;
    const found = await Promise.all(filesOf(unit).map((path) => host.files.status(path)));
    return found.every((status) => status === undefined) ? undefined : { unit };
  },

  plan: ({ unit }) => ({
    ...NO_PLAN,
    changes: [
      {
        change: { unit },
        id: changeIdentity({ domain: 'charm', kind: 'remove-timer', unit }),
        description: `remove the systemd timer ${unit}.timer of the Python charm`,
        disruption: 'none',
      },
    ],
  }),

  async apply({ host }, _, { unit }) {
    await host.run('systemctl', ['disable', '--now', `${unit}.timer`], TIMEOUT);
    for (const path of filesOf(unit)) await host.files.remove(path);
    await host.run('systemctl', ['daemon-reload'], TIMEOUT);
  },
};

function filesOf(unit: string): readonly string[] {
  return [`${FOLDER}/${unit}.timer`, `${FOLDER}/${unit}.service`];
}
