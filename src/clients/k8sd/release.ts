/**
 * What the installed release knows. k8sd refuses a request that has one unknown field, so what a release does not know is not
 * sent, and a caller who needs it is told so.
 */
import { NotSupported } from './errors.ts';
import type { BootstrapConfig, ClusterConfig } from './k8sd.ts';

/** Minor number of the snap's Kubernetes version: 36 for 1.36.4. */
export type Minor = number;

function require(known: boolean, minor: Minor, what: string, since: string): void {
  if (!known) throw new NotSupported(0, `${what} needs ${since}; this node has 1.${minor}`);
}

export function requireSince(minor: Minor, first: Minor, what: string): void {
  require(minor >= first, minor, what, `Kubernetes 1.${first} or newer`);
}

/** Selecting certificates, external certificates and their status came with 1.33. */
export const CERTIFICATE_SELECTION: Minor = 33;
const KUBE_PROXY_OPTION: Minor = 36;
const LAST_WITH_DQLITE: Minor = 35;

export function checkClusterConfig(minor: Minor, config: ClusterConfig | undefined): void {
  if (config?.network !== undefined && 'kube-proxy-enabled' in config.network) {
    requireSince(minor, KUBE_PROXY_OPTION, 'kube-proxy-enabled');
  }
}

export function checkBootstrapConfig(minor: Minor, config: BootstrapConfig): void {
  checkClusterConfig(minor, config['cluster-config']);
  if (config['datastore-type'] === 'k8s-dqlite') {
    require(minor <= LAST_WITH_DQLITE, minor, 'datastore-type k8s-dqlite', `Kubernetes 1.${LAST_WITH_DQLITE} or older`);
  }
}
