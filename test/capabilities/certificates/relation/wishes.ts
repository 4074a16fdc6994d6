/** Wishes for tests. */

import type { CertificateWish } from '../../../../src/capabilities/certificates/relation/wish.ts';

export function newWish(wish: Partial<CertificateWish> = {}): CertificateWish {
  return {
    id: 'apiserver',
    subject: { commonName: 'kube-apiserver' },
    sans: ['k8s.example', '10.0.0.5'],
    authority: false,
    keyUsages: [],
    extendedKeyUsages: [],
    key: { name: 'rsa', bits: 2048 },
    mode: 'unit',
    renew: true,
    ...wish,
  };
}

/** An application's wish for an authority of its own. */
export function newAuthorityWish(id = 'cluster-ca'): CertificateWish {
  return newWish({ id, subject: { commonName: id }, sans: [], authority: true, mode: 'app' });
}
