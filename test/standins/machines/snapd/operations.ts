/** What the changes of snapd do to the machine, hooks of the snap included. */

import { symlink } from 'node:fs/promises';
import type { NodeMachine } from '../node/machine.ts';
import { paths } from '../node/paths.ts';
import { snapServices } from '../node/services.ts';
import { unitFile, writeUnitFiles } from '../node/systemd.ts';
import type { ChangeOperation, InstalledSnap } from '../state.ts';
import { exampleConfigurations } from './configurations.ts';

/** A shell puts the folder in. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: the file's text, as the snap has it
const k8sdArguments = '--state-dir=${SNAP_COMMON}/var/lib/k8sd/state\n';

/** Services in the order in which they have to come up. */
const startOrder = [
  'k8sd',
  'etcd',
  'containerd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'k8s-apiserver-proxy',
  'kubelet',
  'kube-proxy',
];

export async function carryOut(machine: NodeMachine, operation: ChangeOperation): Promise<void> {
  switch (operation.type) {
    case 'install':
      return install(machine, operation.snap);
    case 'refresh':
      return replace(machine, operation.snap);
    case 'revert': {
      const previous = machine.state.snapd.previous;
      if (previous === undefined) throw new Error('no revision to revert to');
      // It goes on following the channel that it was refreshed to (snapd, `overlord/snapstate`, Revert).
      const { channel: _, ...older } = previous;
      const { channel } = machine.state.snapd.snap ?? {};
      return replace(machine, { ...older, ...(channel === undefined ? {} : { channel }) });
    }
    case 'switch': {
      const { snap } = machine.state.snapd;
      if (snap === undefined) throw new Error('snap "k8s" is not installed');
      machine.state.snapd.snap = { ...snap, channel: operation.channel };
      return;
    }
    case 'remove':
      return remove(machine);
    case 'hold': {
      const snap = machine.state.snapd.snap;
      if (snap === undefined) throw new Error('snap "k8s" is not installed');
      delete snap.heldUntil;
      if (operation.until !== undefined) snap.heldUntil = operation.until;
      return;
    }
    case 'services':
      return control(machine, operation);
  }
}

async function install(machine: NodeMachine, snap: InstalledSnap): Promise<void> {
  machine.state.snapd.snap = { ...snap, installedAt: new Date().toISOString() };
  await unpack(machine, snap);
  await writeUnitFiles(machine, snapServices);
  await machine.files.write(`${paths.args}/k8sd`, k8sdArguments);
  await machine.files.directory(paths.lock);
  if (machine.minor >= 34) {
    for (const [name, content] of Object.entries(exampleConfigurations)) {
      await machine.files.write(`${paths.configurations}/${name}`, content);
    }
  }
  machine.timers.after(machine.site.delays.k8sdStart, () => machine.services.start('k8sd', { enable: true }));
}

async function replace(machine: NodeMachine, next: InstalledSnap): Promise<void> {
  const { snapd } = machine.state;
  const present = snapd.snap;
  if (present === undefined) throw new Error('snap "k8s" is not installed');
  const minor = Number(next.version.split('.')[1]);
  if (minor >= 36 && (await machine.files.list(paths.dqlite)).length > 0) {
    throw new Error('run hook "post-refresh": k8s-dqlite is no longer supported, migrate to etcd before refreshing');
  }
  const active = startOrder.filter((service) => machine.services.isActive(service));
  for (const service of [...active].reverse()) await machine.services.stop(service);
  const { installedAt, heldUntil, ...previous } = present;
  snapd.previous = previous;
  snapd.snap = { ...next, installedAt, ...(heldUntil === undefined ? {} : { heldUntil }) };
  await unpack(machine, next);
  await writeUnitFiles(machine, snapServices);
  await machine.files.write(`${paths.lock}/post-refresh`, '\n');
  for (const service of active) await machine.services.start(service);
}

async function remove(machine: NodeMachine): Promise<void> {
  for (const service of [...startOrder].reverse()) await machine.services.stop(service, { disable: true });
  machine.state.services = {};
  machine.state.k8sd = {};
  delete machine.state.snapd.snap;
  delete machine.state.snapd.previous;
  await machine.files.remove('/var/snap/k8s');
  await machine.files.remove('/snap/k8s');
  await machine.files.remove(paths.containerdRun);
  await machine.files.remove('/etc/containerd');
  await machine.files.remove(paths.cni);
  for (const service of snapServices) await machine.files.remove(unitFile(service));
  for (const name of await machine.files.list(paths.sysctl)) {
    if (/^\d+-k8s\.conf$/.test(name)) await machine.files.remove(`${paths.sysctl}/${name}`);
  }
}

async function control(machine: NodeMachine, operation: Extract<ChangeOperation, { type: 'services' }>): Promise<void> {
  const ordered = startOrder.filter((service) => operation.services.includes(service));
  if (operation.action === 'restart') {
    for (const service of [...ordered].reverse()) await machine.services.stop(service);
    await machine.timers.sleep(machine.site.delays.restartGap);
  }
  for (const service of ordered) {
    if (operation.action === 'start') await machine.services.start(service, { enable: operation.enable });
    else if (operation.action === 'stop') await machine.services.stop(service, { disable: operation.disable });
    else await machine.services.start(service);
    // containerd tells systemd when it is up, so its failure is the command's; of the others only systemd hears.
    if (service === 'containerd' && operation.action !== 'stop' && !machine.services.isActive(service)) {
      throw new Error(
        `systemctl command [${operation.action} snap.k8s.containerd.service] failed with exit status 1: Job for snap.k8s.containerd.service failed because the control process exited with error code.`,
      );
    }
  }
}

async function unpack(machine: NodeMachine, snap: InstalledSnap): Promise<void> {
  const base = Number(snap.version.split('.')[1]) >= 34 ? 'core22' : 'core20';
  const meta = `name: k8s\nversion: ${snap.version}\nbase: ${base}\nconfinement: classic\ngrade: stable\n`;
  await machine.files.write(`/snap/k8s/${snap.revision}/meta/snap.yaml`, meta, 0o644);
  await machine.files.directory(`/snap/k8s/${snap.revision}/bin`, 0o755);
  await machine.files.remove('/snap/k8s/current');
  await symlink(snap.revision, machine.files.real('/snap/k8s/current'));
}
