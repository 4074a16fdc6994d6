/**
 * What a node leaves on its machine beside the snap, which takes only its own folders along. Keys and kubeconfigs of a cluster are as good
 * after the node has left as before: no certificate of Kubernetes can be revoked.
 */

import type { Files } from '../../clients/host/host.ts';

const KUBERNETES = '/etc/kubernetes';
const KEYS = `${KUBERNETES}/pki`;
const KUBECONFIGS = ['admin', 'controller', 'kubelet', 'proxy', 'scheduler'].map(
  (name) => `${KUBERNETES}/${name}.conf`,
);
/** Everything that the charm writes for itself: journals, copies of certificates, reports. */
const OWN_FOLDER = '/var/lib/k8s-charm';

/** To be called while the snap is still there, so that it is done again when the dispatch ends in between. */
export async function removeCredentials(files: Files): Promise<void> {
  for (const path of [KEYS, ...KUBECONFIGS]) await files.remove(path);
  if ((await files.list(KUBERNETES)).length === 0) await files.remove(KUBERNETES);
}

export async function hasOwnFolder(files: Files): Promise<boolean> {
  return (await files.status(OWN_FOLDER)) !== undefined;
}

export async function removeOwnFolder(files: Files): Promise<void> {
  await files.remove(OWN_FOLDER);
}
