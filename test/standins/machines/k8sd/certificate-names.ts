/** Names of certificates in requests, and the fields that they stand for. */

import { K8sdRefusal } from './envelope.ts';

export const controlPlaneCertificates: Readonly<Record<string, string>> = {
  'admin.conf': 'admin-client',
  apiserver: 'apiserver',
  'apiserver-kubelet-client': 'apiserver-kubelet-client',
  'controller.conf': 'kube-controller-manager-client',
  'front-proxy-client': 'front-proxy-client',
  kubelet: 'kubelet',
  'kubelet.conf': 'kubelet-client',
  'proxy.conf': 'kube-proxy-client',
  'scheduler.conf': 'kube-scheduler-client',
};

/** With the end of the name that their signing request gets. */
export const workerCertificates: Readonly<Record<string, string>> = {
  kubelet: 'worker-kubelet-serving',
  'kubelet.conf': 'worker-kubelet-client',
  'proxy.conf': 'worker-kube-proxy-client',
};

/** The asked ones, sorted; all when none is asked. Throws 400 for an unknown one. */
export function selected(
  known: Readonly<Record<string, string>>,
  asked: readonly string[],
  role: 'control-plane' | 'worker',
): readonly string[] {
  const unknown = asked.filter((name) => known[name] === undefined);
  if (unknown.length > 0) throw new K8sdRefusal(400, `invalid certificates for ${role} node: ${unknown.join(', ')}`);
  return asked.length === 0 ? Object.keys(known) : [...new Set(asked)].sort();
}
