/**
 * What one capability wants of another without knowing it. The owner of the thing merges what all want: a flag is put over the operator's, and
 * where two capabilities ask for the same one, the later in the table of the charm wins.
 */

import type { GivenPairs } from '../clients/k8sd/k8sd.ts';
import type { KeptAuthorities } from './certificate-mode.ts';
import type { ExtraArguments, Service } from './services.ts';

export type Contribution = ServiceArguments | HeldArguments | CertificatesAtBirth;

/** Flags of a service, to be put over the operator's. */
export interface ServiceArguments extends AskedArguments {
  readonly kind: 'service-arguments';
  readonly service: Service;
}

export interface AskedArguments {
  readonly flags: ExtraArguments;
  /** Options that ask for a flag. */
  readonly askers: Readonly<Record<string, string>>;
  /** Flags that are asked for as they stand there anyway, whoever has set them: not ours, and not to be taken out some day. */
  readonly standing?: readonly string[];
}

/** No argument of these services is to change yet: what it names is not in place, or more is to come, and each restart is felt. */
export interface HeldArguments {
  readonly kind: 'held-arguments';
  /** `all`: nor is a node to come into being. */
  readonly services: 'all' | readonly Service[];
}

export interface CertificatesAtBirth extends GivenCertificates {
  readonly kind: 'certificates-at-birth';
}

/** What k8sd is given when the node comes into being. */
export interface GivenCertificates {
  /** Undefined: there have to be some, and they are not there. */
  readonly pems: GivenPairs | undefined;
  /** PEM: the server CA and those that vouch for it, as far as known; empty for k8sd's own. */
  readonly chain: string;
  readonly kept?: KeptAuthorities;
}

/** Those of one kind, in the order of the table. */
export function contributed<Kind extends Contribution['kind']>(
  contributions: readonly Contribution[],
  kind: Kind,
): readonly Extract<Contribution, { readonly kind: Kind }>[] {
  return contributions.filter((one): one is Extract<Contribution, { readonly kind: Kind }> => one.kind === kind);
}
