/** How long things take, in milliseconds. Short, but not nothing: a client that does not wait must be caught. */

export interface Delays {
  /** A change of snapd that fetches or replaces a snap. */
  snapChange: number;
  /** A change of snapd that starts, stops or restarts services, or holds. */
  serviceChange: number;
  /** From k8sd's start to its socket. */
  k8sdStart: number;
  /** From its socket to `core/1.0/ready`. */
  k8sdReady: number;
  /** Between the disappearance of the socket and the new start, after a failed bootstrap or join or a removal. */
  k8sdGap: number;
  /** What bootstrap, and join, take beside making certificates. */
  bootstrap: number;
  join: number;
  /** From the reply of a certificate refresh to the restart of the services. */
  restartAfterRefresh: number;
  /** How long that restart keeps the services down. */
  restartGap: number;
  /** From approval of a certificate signing request to the certificate. */
  signing: number;
  /** How often kube-controller-manager and kube-scheduler ask for their lease or renew it; the real ones do every two seconds. */
  leaderRetry: number;
  /** From getting the lease to ending on what its controllers cannot read; the real kube-controller-manager took one to five seconds. */
  controllersStart: number;
  /** How often kubelets report and controllers look. */
  heartbeat: number;
  /** Silence after which a node's Ready becomes Unknown. */
  nodeNotReady: number;
  /** From the deletion of a Node to its kubelet registering it again. */
  reRegister: number;
  /** From a change of features to the change of what they report. */
  features: number;
  /** How often k8sd compares arguments of services with their files. */
  argumentsCheck: number;
  /** How often kube-apiserver looks at its EncryptionConfiguration; the real one does once a minute. */
  encryptionReload: number;
  /** How long kube-apiserver keeps a webhook's answer about a token. */
  tokenCache: number;
}

export const defaultDelays: Delays = {
  snapChange: 150,
  serviceChange: 20,
  k8sdStart: 50,
  k8sdReady: 50,
  k8sdGap: 150,
  bootstrap: 50,
  join: 50,
  restartAfterRefresh: 150,
  restartGap: 50,
  signing: 1000,
  leaderRetry: 300,
  controllersStart: 1500,
  heartbeat: 100,
  nodeNotReady: 500,
  reRegister: 500,
  features: 200,
  argumentsCheck: 120_000,
  tokenCache: 120_000,
  encryptionReload: 200,
};
