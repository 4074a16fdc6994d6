/**
 * The capability: certificates that k8sd does not issue itself. What is asked of a CA charm, what k8sd is given when the node comes into being,
 * and what is put into service once it runs.
 */

import type { Capability } from '../../../core/capability.ts';
import type { NodeIdentity } from '../facts.ts';
import { takeIssued } from '../given/take-issued.ts';
import { identityOf } from '../identity.ts';
import { type CertificateOptions, readCertificateOptions } from '../options.ts';
import { applyRelation } from '../relation/apply.ts';
import { noteRunOut } from '../relation/expiry.ts';
import { observeTrust } from './trust.ts';
import { asked, ENDPOINT, type SourceChange, type Trust } from './trust-plan.ts';

interface Facts {
  readonly trust: Trust;
  readonly identity: NodeIdentity | undefined;
}

export const certificateSources: Capability<Facts, SourceChange, CertificateOptions> = {
  name: 'certificate sources',
  roles: ['control-plane', 'worker'],
  // Its problems are those of `certificates`, which reads the same options.
  options: async (raw) => ({ value: readCertificateOptions(raw).value, problems: [] }),

  async observe(clients, node, options) {
    if (node.leaving || node.problems.length > 0) return undefined;
    const identity = await identityOf(clients, node, options);
    return { trust: await observeTrust(clients, node, identity, options), identity };
  },

  plan: ({ trust: { given, changes, reports } }) => ({
    changes,
    reports,
    contributions: [{ kind: 'certificates-at-birth', ...given }],
  }),

  async apply(clients, { identity }, change) {
    const { juju } = clients;
    if (change.kind !== 'take-issued') {
      asked(juju);
      return applyRelation(juju, ENDPOINT, change);
    }
    if (identity === undefined) throw new Error('certificates are put into service on a member of a cluster');
    const progress = async (message: string) => juju.log.info(`certificates: ${message}`);
    await takeIssued(clients, identity, change, progress);
  },

  renewsSecret: ({ juju }) => noteRunOut(juju),
};
