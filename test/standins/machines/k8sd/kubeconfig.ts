/** `GET k8sd/kubeconfig`: the admin of the bootstrap, from the database; no refresh ever changes it. */

import { writeKubeconfig } from '../node/kubeconfig.ts';
import { decodeBody, text } from './decode.ts';
import type { Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';
import { kubeconfigShape } from './shapes.ts';

export function kubeconfig({ machine, exchange }: Call): Reply {
  const given = text(decodeBody(exchange.body, kubeconfigShape), 'server');
  const cluster = clusterOf(machine);
  const server = given === '' ? `${machine.address}:${cluster.securePort}` : given;
  return {
    metadata: {
      kubeconfig: writeKubeconfig({
        server: server.startsWith('http') ? server : `https://${server}`,
        authority: cluster.pems['ca-crt'] ?? '',
        certificate: cluster.pems['admin-client-crt'] ?? '',
        key: cluster.pems['admin-client-key'] ?? '',
      }),
    },
  };
}
