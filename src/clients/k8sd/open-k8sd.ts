/** The k8sd client, opened on a daemon's socket for the release that is installed. */
import { CLOCK, type Clock } from '../../time/clock.ts';
import { createAuthToken, kubeconfig, revokeAuthToken } from './access.ts';
import { callOver } from './call.ts';
import { certificatesStatus, planRefresh, refreshCertificates, updateCertificates } from './certificates.ts';
import { bootstrap, clusterStatus, join, removeNode } from './cluster.ts';
import { clusterConfig, setClusterConfig } from './cluster-config.ts';
import { deleteJoinToken, joinToken } from './join-tokens.ts';
import type { K8sd } from './k8sd.ts';
import { members, node } from './node.ts';
import { ready, waitUntilReady } from './readiness.ts';
import type { Minor } from './release.ts';

export interface OpenK8sdOptions {
  readonly socketPath: string;
  /** Minor number of the snap's Kubernetes version: 36 for 1.36.4. */
  readonly minor: Minor;
  readonly clock?: Clock;
}

/** Connects to nothing yet; each call has a connection of its own. */
export function openK8sd({ socketPath, minor, clock = CLOCK }: OpenK8sdOptions): K8sd {
  const call = callOver(socketPath, clock);
  return {
    ready: (options) => ready(socketPath, options),
    waitUntilReady: (options) => waitUntilReady(socketPath, clock, options),
    node: (options) => node(call, options),
    members: (options) => members(call, options),
    clusterStatus: (options) => clusterStatus(call, options),
    bootstrap: (request, options) => bootstrap(call, minor, request, options),
    join: (request, options) => join(call, request, options),
    joinToken: (request, options) => joinToken(call, request, options),
    deleteJoinToken: (name, options) => deleteJoinToken(call, name, options),
    removeNode: (request, options) => removeNode(call, request, options),
    clusterConfig: (options) => clusterConfig(call, options),
    setClusterConfig: (request, options) => setClusterConfig(call, minor, request, options),
    planRefresh: (certificates, options) => planRefresh(call, minor, certificates, options),
    refreshCertificates: (request, options) => refreshCertificates(call, minor, request, options),
    updateCertificates: (certificates, options) => updateCertificates(call, minor, certificates, options),
    certificatesStatus: (options) => certificatesStatus(call, minor, options),
    kubeconfig: (server, options) => kubeconfig(call, server, options),
    createAuthToken: (identity, options) => createAuthToken(call, identity, options),
    revokeAuthToken: (token, options) => revokeAuthToken(call, token, options),
  };
}
