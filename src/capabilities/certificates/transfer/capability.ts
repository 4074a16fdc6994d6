/**
 * The capability: other applications get the cluster's CA, to trust what the API servers serve. Looked at only when it can have become another
 * matter: a relation has begun, another leader writes for the application, or what was sent last is not what is to be sent now.
 */

import { createHash } from 'node:crypto';
import type { Juju } from '../../../clients/juju/juju.ts';
import { type Capability, NO_PLAN } from '../../../core/capability.ts';
import { changeIdentity } from '../../../core/change-identity.ts';
import type { Clients } from '../../../core/clients.ts';
import type { Node } from '../../../core/node.ts';
import { splitCertificates } from '../relation/issued.ts';
import { applyTransfer, observeTransfer } from './observe.ts';
import { planTransfer, type TransferChange, type TransferFacts } from './plan.ts';

const ENDPOINT = 'send-ca-cert';
const SENT = 'charm/ca-sent';
const SERVER_CA = '/etc/kubernetes/pki/ca.crt';

interface Facts {
  readonly digest: string;
  /** Digest of what was sent last. */
  readonly sent: string | undefined;
  readonly transfer: TransferFacts;
}

type Change = { readonly kind: 'send'; readonly send: TransferChange } | { readonly kind: 'remember' };

export const caTransfer: Capability<Facts, Change> = {
  name: 'CA transfer',
  roles: ['control-plane'],
  observe,
  plan({ digest, sent, transfer }) {
    const changes = planTransfer(transfer).map((send) => ({
      change: { kind: 'send', send } as const,
      id: changeIdentity({ domain: 'transfer', kind: 'send', relation: send.relation, bag: send.bag, digest }),
      description: `send the cluster's CA certificate on ${send.relation} (${send.bag})`,
      disruption: 'none' as const,
    }));
    if (changes.length > 0 || sent === digest) return { ...NO_PLAN, changes };
    const remember = {
      change: { kind: 'remember' },
      id: changeIdentity({ domain: 'transfer', kind: 'remember', digest }),
      description: 'remember which CA certificate was sent',
      disruption: 'none',
    } as const;
    return { ...NO_PLAN, changes: [remember] };
  },
  async apply({ juju }, { digest }, change) {
    if (change.kind === 'send') applyTransfer(juju, change.send);
    else juju.state.set(SENT, digest);
  },
};

async function observe({ juju, host }: Clients, node: Node): Promise<Facts | undefined> {
  if (node.member === undefined || node.leaving || node.problems.length > 0) return undefined;
  // With those that vouch for it where it is an intermediate one: not every client trusts that without its root.
  const text = node.certificates.authority || (await host.files.read(SERVER_CA)) || '';
  const authorities = splitCertificates(text);
  const digest = createHash('sha256').update(authorities.join('\n')).digest('base64');
  const sent = await juju.state.get(SENT);
  if (sent === digest && !isOccasion(juju)) return undefined;
  return { digest, sent, transfer: await observeTransfer(juju, ENDPOINT, authorities) };
}

function isOccasion({ event }: Juju): boolean {
  if (event.kind === 'leader-elected' || event.kind === 'upgrade-charm') return true;
  return 'endpoint' in event && event.endpoint === ENDPOINT;
}
