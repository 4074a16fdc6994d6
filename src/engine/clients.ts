/** The clients of one dispatch, opened as they are needed. */

import type { Host } from '../clients/host/host.ts';
import { openHost } from '../clients/host/open-host.ts';
import { openJuju } from '../clients/juju/open-juju.ts';
import type { Transport } from '../clients/juju/transport.ts';
import { openK8sd } from '../clients/k8sd/open-k8sd.ts';
import type { Kubernetes } from '../clients/kubernetes/kubernetes.ts';
import type { Clients } from '../core/clients.ts';
import type { Role } from '../core/role.ts';
import type { Clock } from '../time/clock.ts';

const CONTROL_SOCKET = '/var/snap/k8s/common/var/lib/k8sd/state/control.socket';
const KUBECONFIGS: Readonly<Record<Role, string>> = {
  'control-plane': '/etc/kubernetes/admin.conf',
  worker: '/etc/kubernetes/kubelet.conf',
};
const KUBERNETES_MS = 15_000;

export interface Surroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly transport: Transport;
  /** `/` on a unit. */
  readonly root: string;
  readonly clock: Clock;
}

export function openClients({ environment, transport, root, clock }: Surroundings, role: Role): Clients {
  const host = openHost(root, clock);
  return {
    juju: openJuju(environment, transport),
    host,
    k8sd: (minor) => openK8sd({ socketPath: host.files.real(CONTROL_SOCKET), minor, clock }),
    kubernetes: connect(host, KUBECONFIGS[role], clock),
  };
}

/** One client for as long as the kubeconfig stays what it is: a refresh of certificates replaces it under us. */
function connect(host: Host, path: string, clock: Clock): Clients['kubernetes'] {
  let known: { readonly kubeconfig: string; readonly client: Promise<Kubernetes> } | undefined;
  return async () => {
    const kubeconfig = await host.files.read(path);
    if (kubeconfig === undefined) return undefined;
    if (known?.kubeconfig !== kubeconfig) {
      const { openKubernetes } = await import('../clients/kubernetes/open-kubernetes.ts');
      known = { kubeconfig, client: openKubernetes(kubeconfig, { timeoutMs: KUBERNETES_MS, clock }) };
    }
    return known.client;
  };
}
