/**
 * Other applications get the cluster's CA from us, to trust what the API servers serve. Looked at only when it can have become another
 * matter: a relation has begun, another leader writes for the application, or what was sent last is not what is to be sent now.
 */

import { createHash } from 'node:crypto';
import { applyTransfer, observeTransfer, planTransfer, splitCertificates } from '../certificates/index.ts';
import { CERTIFICATE_AUTHORITY, type ClusterFacts } from '../cluster/index.ts';
import type { Juju } from '../juju/juju.ts';
import type { Doors } from './doors.ts';
import { identify, type PlannedChange } from './planned-change.ts';

const ENDPOINT = 'send-ca-cert';
const SENT = 'charm/ca-sent';
const SERVER_CA = '/etc/kubernetes/pki/ca.crt';

export async function planCaTransfer({ juju, host }: Doors, cluster: ClusterFacts): Promise<readonly PlannedChange[]> {
  if (cluster.role !== 'control-plane') return [];
  // With those that vouch for it where it is an intermediate one: not every client trusts that without its root.
  const text = cluster.peers.shared[CERTIFICATE_AUTHORITY] || (await host.files.read(SERVER_CA)) || '';
  const authorities = splitCertificates(text);
  const digest = createHash('sha256').update(authorities.join('\n')).digest('base64');
  const known = await juju.state.get(SENT);
  if (known === digest && !isOccasion(juju)) return [];
  const changes = planTransfer(await observeTransfer(juju, ENDPOINT, authorities));
  const planned = changes.map((change) => ({
    id: identify('transfer', { kind: 'send', relation: change.relation, bag: change.bag, digest }),
    description: `send the cluster's CA certificate on ${change.relation} (${change.bag})`,
    disruptive: false,
    apply: async () => applyTransfer(juju, change),
  }));
  if (planned.length > 0 || known === digest) return planned;
  const apply = async () => juju.state.set(SENT, digest);
  const id = identify('transfer', { kind: 'remember', digest });
  return [{ id, description: 'remember which CA certificate was sent', disruptive: false, apply }];
}

function isOccasion({ event }: Juju): boolean {
  if (event.kind === 'leader-elected' || event.kind === 'upgrade-charm') return true;
  return 'endpoint' in event && event.endpoint === ENDPOINT;
}
