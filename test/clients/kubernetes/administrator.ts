/** An administrator before an API server of a test's own, in whose place it answers. */
import { beforeAll } from 'vitest';
import type { Kubernetes } from '../../../src/clients/kubernetes/kubernetes.ts';
import { openKubernetes } from '../../../src/clients/kubernetes/open-kubernetes.ts';
import { type Answering, type ApiServer, apiServer, kubeconfig } from './api-server.ts';
import { type Authority, type Issued, newAuthority } from './authority.ts';

export type Speaking = (answering: Answering) => Promise<{ server: ApiServer; kubernetes: Kubernetes }>;

/** To be called where a test file describes its tests: the authority is made once for all of them. */
export function administrator({ timeoutMs = 10_000 } = {}): Speaking {
  let authority: Authority;
  let admin: Issued;
  beforeAll(async () => {
    authority = await newAuthority();
    admin = await authority.client('kubernetes-admin', 'system:masters');
  });
  return async (answering) => {
    const server = await apiServer(authority, answering);
    const text = kubeconfig(server.url, authority.intermediate, admin);
    return { server, kubernetes: await openKubernetes(text, { timeoutMs }) };
  };
}
