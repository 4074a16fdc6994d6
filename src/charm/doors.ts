/** The four doors of one dispatch, opened as they are needed. */

import type { Host } from '../host/host.ts';
import { openHost } from '../host/open-host.ts';
import type { Juju } from '../juju/juju.ts';
import { openJuju } from '../juju/open-juju.ts';
import type { Transport } from '../juju/transport.ts';
import type { K8sd } from '../k8sd/k8sd.ts';
import { openK8sd } from '../k8sd/open-k8sd.ts';
import type { Kubernetes } from '../kubernetes/kubernetes.ts';
import type { Role } from './role.ts';

const CONTROL_SOCKET = '/var/snap/k8s/common/var/lib/k8sd/state/control.socket';
const KUBECONFIGS: Readonly<Record<Role, string>> = {
  'control-plane': '/etc/kubernetes/admin.conf',
  worker: '/etc/kubernetes/kubelet.conf',
};
const KUBERNETES_MS = 15_000;

export interface Doors {
  readonly juju: Juju;
  readonly host: Host;
  k8sd(minor: number): K8sd;
  kubernetes(): Promise<Kubernetes | undefined>;
}

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly transport: Transport;
  /** `/` on a unit. */
  readonly root: string;
}

export function openDoors({ environment, transport, root }: Surroundings, role: Role): Doors {
  const host = openHost(root);
  return {
    juju: openJuju(environment, transport),
    host,
    k8sd: (minor) => openK8sd({ socketPath: host.files.real(CONTROL_SOCKET), minor }),
    kubernetes: connect(host, KUBECONFIGS[role]),
  };
}

/** One client for as long as the kubeconfig stays what it is: a refresh of certificates replaces it under us. */
function connect(host: Host, path: string): Doors['kubernetes'] {
  let known: { readonly kubeconfig: string; readonly client: Promise<Kubernetes> } | undefined;
  return async () => {
    const kubeconfig = await host.files.read(path);
    if (kubeconfig === undefined) return undefined;
    if (known?.kubeconfig !== kubeconfig) {
      const { openKubernetes } = await import('../kubernetes/open-kubernetes.ts');
      known = { kubeconfig, client: openKubernetes(kubeconfig, { timeoutMs: KUBERNETES_MS }) };
    }
    return known.client;
  };
}
