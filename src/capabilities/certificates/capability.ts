/** The capability: certificates of the node are renewed before they end, hold the names that they must, and workers get theirs approved. */

import type { Capability, Plan, PlannedChange } from '../../core/capability.ts';
import { changeIdentity, sentenceIdentity } from '../../core/change-identity.ts';
import { applyCertificates } from './apply.ts';
import { type Change, describe, essence, formerSentence, isDisruptive, workOf } from './change.ts';
import type { CertificateFacts } from './facts.ts';
import { forgetCertificates } from './forget.ts';
import { identityOf } from './identity.ts';
import { observeCertificates } from './observe.ts';
import { type CertificateOptions, readCertificateOptions } from './options.ts';
import { planCertificates } from './plan.ts';

export const certificates: Capability<CertificateFacts, Change, CertificateOptions> = {
  name: 'certificates',
  roles: ['control-plane', 'worker'],
  options: async (raw) => readCertificateOptions(raw),
  async observe(clients, node, options) {
    const identity = await identityOf(clients, node, options);
    return identity && observeCertificates(clients, identity);
  },
  plan,
  apply: applyCertificates,
  forget: forgetCertificates,
  actions: {
    'certs-status': async () => (await import('./actions/certs-status.ts')).certsStatus,
    'get-kubeconfig': async () => (await import('./actions/get-kubeconfig.ts')).getKubeconfig,
    'refresh-certs': async () => (await import('./actions/refresh-certs.ts')).refreshCerts,
  },
};

function plan(facts: CertificateFacts): Plan<Change> {
  const { changes, reports } = planCertificates(facts);
  return { changes: changes.map(plannedChange), reports, contributions: [] };
}

function plannedChange(change: Change): PlannedChange<Change> {
  const former = formerSentence(change);
  const work = workOf(change);
  return {
    change,
    id: changeIdentity({ domain: 'certificates', ...essence(change) }),
    ...(former === undefined ? {} : { formerId: sentenceIdentity(former) }),
    description: describe(change),
    ...(work === undefined ? {} : { work }),
    disruption: isDisruptive(change) ? 'restart' : 'none',
  };
}
