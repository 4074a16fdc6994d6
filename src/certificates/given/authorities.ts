/** The authorities of a cluster that k8sd takes from elsewhere at bootstrap, and never again. */

import type { CertificateWish } from '../relation/wish.ts';

export interface ClusterAuthority {
  /** k8sd's name for it: of the fields `ca-crt` and `ca-key`, and of the file. */
  readonly name: string;
  /** Of the wish for it, and of its secrets. */
  readonly id: string;
  /** As k8sd calls its own; two of the same name would be confused by its status of certificates. */
  readonly commonName: string;
}

const KUBERNETES: readonly ClusterAuthority[] = [
  { name: 'ca', id: 'cluster-ca', commonName: 'kubernetes-ca' },
  { name: 'client-ca', id: 'client-ca', commonName: 'kubernetes-ca-client' },
  {
    name: 'front-proxy-ca',
    id: 'front-proxy-ca',
    commonName: 'front-proxy-ca',
  },
];
const ETCD: ClusterAuthority = {
  name: 'etcd-ca',
  id: 'etcd-ca',
  commonName: 'etcd-ca',
};

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
