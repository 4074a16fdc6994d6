/** Endpoints for Cluster API: guarded by tokens in headers, and one that approves a worker's requests. */

import { typeOf } from '../kubernetes/resources.ts';
import { timestamp } from '../kubernetes/store.ts';
import { paths } from '../node/paths.ts';
import { parseCertificate } from '../pki/parse.ts';
import { workerCertificates } from './certificate-names.ts';
import { decodeBody, text } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import { clusterOf } from './readiness.ts';
import type { Call } from './routes.ts';

const POLL_MS = 50;

export async function requireNodeToken({ machine, exchange }: Call): Promise<void> {
  const file = await machine.files.read(paths.nodeToken);
  if (file === undefined)
    throw new K8sdRefusal(500, `failed to read node access token: open ${paths.nodeToken}: no such file or directory`);
  if (exchange.headers['node-token'] !== file.trim()) throw new K8sdRefusal(401, 'invalid token');
}

export async function requireCapiToken({ machine, exchange }: Call): Promise<void> {
  const token = exchange.headers['capi-auth-token'];
  const known = clusterOf(machine).capiToken;
  if (token === undefined || token === '' || known === undefined || token !== known)
    throw new K8sdRefusal(401, 'invalid token');
}

export function setCapiToken({ machine, exchange }: Call): Reply {
  const request = decodeBody(exchange.body, { fields: { token: 'string' } }, { lenient: true });
  clusterOf(machine).capiToken = text(request, 'token');
  return { metadata: {} };
}

/** Looks at copies in the database only: not the truth about the node. */
export function certificatesExpiry({ machine }: Call): Reply {
  const { pems } = clusterOf(machine);
  const fields = ['ca-crt', 'client-ca-crt', 'admin-client-crt', 'apiserver-kubelet-client-crt', 'front-proxy-ca-crt'];
  const ends = fields.flatMap((field) => {
    const pem = pems[field];
    return pem === undefined ? [] : [parseCertificate(pem).validToDate.getTime()];
  });
  return { metadata: { 'expiry-date': timestamp(new Date(Math.min(...ends))) } };
}

export async function approveRequests({ machine, exchange }: Call): Promise<Reply> {
  const request = decodeBody(exchange.body, { fields: { seed: 'integer' } });
  const seed = String(request['seed'] ?? 0);
  const objects = machine.site.objects(clusterOf(machine).id);
  const type = typeOf('certificatesigningrequests');
  for (const suffix of Object.values(workerCertificates)) {
    const name = `k8sd-${seed}-${suffix}`;
    let present = await objects.find(type, '', name);
    while (present === undefined) {
      if (exchange.gone.aborted) throw new K8sdRefusal(500, 'context canceled');
      await machine.timers.sleep(POLL_MS);
      present = await objects.find(type, '', name);
    }
    const condition = {
      type: 'Approved',
      status: 'True',
      reason: 'ApprovedByCK8sCAPI',
      message: 'This CSR was approved by the Canonical Kubernetes CAPI Provider',
    };
    await objects.decide(present, [condition]);
  }
  return { metadata: {} };
}
