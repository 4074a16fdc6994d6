/** The authorities of a cluster that k8sd takes from elsewhere at bootstrap, and never again. */

import { PKI_DIRECTORY } from '../names.ts';
import type { CertificateWish } from '../relation/wish.ts';

export interface ClusterAuthority {
  /** k8sd's name for it: of the fields `ca-crt` and `ca-key`, and of the file. */
  readonly name: string;
  /** Of the wish for it, and of its secrets. */
  readonly id: string;
  /** As k8sd calls its own; two of the same name would be confused by its status of certificates. */
  readonly commonName: string;
  /** Where a control plane has its certificate. */
  readonly file: string;
}

const KUBERNETES: readonly ClusterAuthority[] = [
  authority('ca', 'cluster-ca', 'kubernetes-ca'),
  authority('client-ca', 'client-ca', 'kubernetes-ca-client'),
  authority('front-proxy-ca', 'front-proxy-ca', 'front-proxy-ca'),
];
const ETCD: ClusterAuthority = { ...authority('etcd-ca', 'etcd-ca', 'etcd-ca'), file: `${PKI_DIRECTORY}/etcd/ca.crt` };

function authority(name: string, id: string, commonName: string): ClusterAuthority {
  return { name, id, commonName, file: `${PKI_DIRECTORY}/${name}.crt` };
}

/** @param etcd whether k8sd operates the datastore. */
export function clusterAuthorities(etcd: boolean): readonly ClusterAuthority[] {
  return etcd ? [...KUBERNETES, ETCD] : KUBERNETES;
}

/**
 * One key for each, of the kind that k8sd takes. They are not renewed: k8sd has no way to take another one, and a request that is
 * withdrawn would have the provider revoke the one in use.
 */
export function authorityWish({ id, commonName }: ClusterAuthority): CertificateWish {
  return {
    id,
    subject: { commonName },
    sans: [],
    authority: true,
    keyUsages: [],
    extendedKeyUsages: [],
    key: { name: 'rsa', bits: 2048 },
    mode: 'app',
    renew: false,
  };
}
