/** What belongs to Canonical Kubernetes itself: the namespaces of its components, and what its Helm releases made. */
import type { ListedObject } from '../../../clients/kubernetes/kubernetes.ts';

/** Namespaces of Kubernetes and of the snap. All others are of the cluster's users. */
export const SYSTEM_NAMESPACES: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease', 'metallb-system'];

/** The Helm releases by which k8sd installs its features, by namespace (k8sd, `pkg/k8sd/features`). */
const RELEASES: Readonly<Record<string, readonly string[]>> = {
  'kube-system': [
    'ck-network',
    'ck-dns',
    'ck-storage',
    'ck-gateway',
    'ck-ingress',
    'ck-loadbalancer',
    'metrics-server',
  ],
  'metallb-system': ['metallb', 'metallb-loadbalancer'],
  default: ['ck-gateway-class'],
};

/** Helm writes a release's name and namespace into all that it makes (https://helm.sh/docs/chart_best_practices/labels/). */
export function isOfProduct({ metadata }: ListedObject): boolean {
  const { labels, annotations } = metadata;
  if (labels?.['app.kubernetes.io/managed-by'] !== 'Helm') return false;
  const namespace = annotations?.['meta.helm.sh/release-namespace'] ?? '';
  return RELEASES[namespace]?.includes(annotations?.['meta.helm.sh/release-name'] ?? '') ?? false;
}

/** The Secret in which Helm keeps one of these releases. */
export function isReleaseSecret(namespace: string, name: string): boolean {
  const release = /^sh\.helm\.release\.v1\.(.+)\.v\d+$/.exec(name)?.[1];
  return release !== undefined && (RELEASES[namespace]?.includes(release) ?? false);
}
