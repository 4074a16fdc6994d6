/** Which certificates a node has, where they lie, and which service uses them. Names are k8sd's. */

import type { Role } from '../../core/role.ts';

export interface CertificateFile {
  readonly name: string;
  readonly path: string;
  /** Name of the authority that signs it; undefined for authorities. */
  readonly authority: string | undefined;
  readonly services: readonly string[];
}

const KUBERNETES_DIRECTORY = '/etc/kubernetes';
export const PKI_DIRECTORY = `${KUBERNETES_DIRECTORY}/pki`;

/** What k8sd's refresh takes on a control plane. */
export const CONTROL_PLANE_NAMES: readonly string[] = [
  'admin.conf',
  'apiserver',
  'apiserver-kubelet-client',
  'controller.conf',
  'front-proxy-client',
  'kubelet',
  'kubelet.conf',
  'proxy.conf',
  'scheduler.conf',
];

/** A worker's are refreshed together: k8sd's partial refresh leaves a worker without the others. */
export const WORKER_NAMES: readonly string[] = ['kubelet', 'kubelet.conf', 'proxy.conf'];

/** k8sd's fields for what lies in kubeconfigs; the others are called as their files are. */
const FIELDS: Readonly<Record<string, string>> = {
  'admin.conf': 'admin-client',
  'controller.conf': 'kube-controller-manager-client',
  'kubelet.conf': 'kubelet-client',
  'proxy.conf': 'kube-proxy-client',
  'scheduler.conf': 'kube-scheduler-client',
};

/** What `refresh-certs/update` calls a certificate. */
export function fieldOf(name: string): string {
  return FIELDS[name] ?? name;
}

export function certificateFiles(role: Role): readonly CertificateFile[] {
  return role === 'control-plane' ? CONTROL_PLANE_FILES : WORKER_FILES;
}

export function fileOf(role: Role, name: string): CertificateFile {
  const file = certificateFiles(role).find((candidate) => candidate.name === name);
  if (file === undefined) throw new Error(`no certificate of a ${role} is called ${name}`);
  return file;
}

/** Every file that a refresh may rewrite, keys included. */
export function refreshedFiles(role: Role): readonly string[] {
  const names = role === 'control-plane' ? CONTROL_PLANE_NAMES : WORKER_NAMES;
  const own = names.flatMap((name) => (name.endsWith('.conf') ? [`${KUBERNETES_DIRECTORY}/${name}`] : pair(name)));
  const authorities = role === 'control-plane' ? ['ca', 'client-ca', 'front-proxy-ca'] : ['ca', 'client-ca'];
  const extra = role === 'control-plane' ? [`${PKI_DIRECTORY}/serviceaccount.key`] : [];
  return [...own, ...authorities.flatMap(pair), ...extra];
}

const WORKER_FILES: readonly CertificateFile[] = [
  pem('kubelet', 'ca', 'kubelet'),
  conf('kubelet.conf', 'kubelet', 'k8s-apiserver-proxy'),
  conf('proxy.conf', 'kube-proxy'),
  pem('ca', undefined),
  pem('client-ca', undefined),
];

const CONTROL_PLANE_FILES: readonly CertificateFile[] = [
  pem('apiserver', 'ca', 'kube-apiserver'),
  pem('apiserver-kubelet-client', 'client-ca', 'kube-apiserver'),
  pem('front-proxy-client', 'front-proxy-ca', 'kube-apiserver'),
  pem('kubelet', 'ca', 'kubelet'),
  conf('admin.conf'),
  conf('controller.conf', 'kube-controller-manager'),
  conf('scheduler.conf', 'kube-scheduler'),
  conf('proxy.conf', 'kube-proxy'),
  conf('kubelet.conf', 'kubelet'),
  pem('apiserver-etcd-client', 'etcd/ca', 'kube-apiserver'),
  pem('etcd/server', 'etcd/ca', 'etcd'),
  pem('etcd/peer', 'etcd/ca', 'etcd'),
  pem('ca', undefined),
  pem('client-ca', undefined),
  pem('front-proxy-ca', undefined),
  pem('etcd/ca', undefined),
];

function pem(name: string, authority: string | undefined, ...services: string[]): CertificateFile {
  return { name, path: `${PKI_DIRECTORY}/${name}.crt`, authority, services };
}

function conf(name: string, ...services: string[]): CertificateFile {
  return { name, path: `${KUBERNETES_DIRECTORY}/${name}`, authority: 'client-ca', services };
}

function pair(name: string): readonly string[] {
  return [`${PKI_DIRECTORY}/${name}.crt`, `${PKI_DIRECTORY}/${name}.key`];
}
