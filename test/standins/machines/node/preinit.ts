/** What k8sd looks at before it makes a node of a machine: free ports, and no foreign containerd. */

import { createServer } from 'node:net';
import type { NodeMachine } from './machine.ts';
import { paths } from './paths.ts';

const node: Readonly<Record<string, number>> = {
  kubelet: 10250,
  'kubelet-healthz': 10248,
  'kubelet-read-only': 10255,
  'kube-proxy-healthz': 10256,
  'kube-proxy-metrics': 10249,
};
const controlPlane: Readonly<Record<string, number>> = {
  'kube-controller-manager': 10257,
  'kube-scheduler': 10259,
  'metallb-bgp': 179,
};

export interface Ports {
  readonly [service: string]: number;
}

/** Throws with the first thing that stands in the way. */
export async function requireFreshMachine(
  machine: NodeMachine,
  role: 'control-plane' | 'worker',
  ports: Ports,
): Promise<void> {
  const all: Ports = { ...node, ...(role === 'control-plane' ? controlPlane : {}), ...ports };
  for (const [service, port] of Object.entries(all)) {
    if (port !== 0 && !(await isFree(machine.address, port)))
      throw new Error(`port ${port} (${service}) is already in use`);
  }
  if (await machine.files.exists(paths.containerdRun)) {
    throw new Error(
      `The path '${paths.containerdRun}' required for the containerd socket already exists. This may mean that another service is already using that path, and it conflicts with the k8s snap.`,
    );
  }
}

/** A port that only root may bind counts as free where the tests do not run as root. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false);
      else if (error.code === 'EACCES') resolve(true);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
