/** What stands on the machines of a test cluster, as tests of the whole look at it. */

import { createHash, type X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { NodeMachine } from '../standins/machines/machines.ts';
import { readArguments } from '../standins/machines/node/arguments.ts';
import type { TestCluster } from './cluster.ts';

export function machineOf({ model, machines }: TestCluster, unit: string): NodeMachine {
  return machines.machine(model.unit(unit).machine.id);
}

/** A service's argument file, byte for byte. */
export async function argumentText(cluster: TestCluster, unit: string, service: string): Promise<string> {
  return machineOf(cluster, unit).files.need(`/var/snap/k8s/common/args/${service}`);
}

export async function argumentsOf(
  cluster: TestCluster,
  unit: string,
  service: string,
): Promise<Readonly<Record<string, string>>> {
  return readArguments(await argumentText(cluster, unit, service));
}

/** With what the process runs; undefined while it does not. */
export function runningArguments(cluster: TestCluster, unit: string, service: string) {
  return machineOf(cluster, unit).services.running(service);
}

/** SHA-256 of every file that a refresh of certificates could touch, and of the argument files. */
export async function fingerprints(cluster: TestCluster, unit: string): Promise<Readonly<Record<string, string>>> {
  const { root } = machineOf(cluster, unit);
  const folders = ['etc/kubernetes', 'var/snap/k8s/common/args'];
  const files = await Promise.all(folders.map((folder) => filesUnder(join(root, folder))));
  const pairs = files.flat().map(async (path) => {
    const digest = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    return [path.slice(root.length), digest] as const;
  });
  return Object.fromEntries(await Promise.all(pairs));
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** The certificate that a port of the unit's machine serves now. */
export async function served(cluster: TestCluster, unit: string, port: number): Promise<X509Certificate> {
  const socket = connect({ host: machineOf(cluster, unit).address, port, rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const certificate = socket.getPeerX509Certificate();
  socket.destroy();
  if (certificate === undefined) throw new Error(`port ${port} of ${unit} serves no certificate`);
  return certificate;
}
