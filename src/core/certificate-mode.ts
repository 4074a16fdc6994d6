/** Where the certificates of a cluster come from. Decided at bootstrap: k8sd keeps the CAs that it was given then, and takes no others. */

/**
 * `intermediate-ca`: a provider signs the CAs, k8sd issues with them. `external`: a provider issues what API servers and kubelets serve,
 * k8sd the rest. `provided`: the operator brings the CAs, k8sd issues with those of which it gets the key.
 */
export const CERTIFICATE_MODES = ['snap-managed', 'intermediate-ca', 'external', 'provided'] as const;
export type CertificateMode = (typeof CERTIFICATE_MODES)[number];

/** PEM by k8sd's name (`ca`, `client-ca`) of CAs whose key the operator keeps: what they sign is brought to each unit. */
export type KeptAuthorities = Readonly<Record<string, string>>;
