/** What rules over the policies of a cluster look at: what was kept of the lists of its API, and what this node's files say. */

import type { LabelSelector, PolicyRule } from './objects.ts';
import type { TemplateFacts } from './pod-template.ts';

export interface NamespaceFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** One of the snap's releases has made it. */
  readonly ofProduct: boolean;
}

export interface NodeFacts {
  readonly name: string;
  readonly operatingSystem: string;
  /** `v1.36.4`. */
  readonly kubeletVersion: string;
}

export interface PodFacts {
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** It has run to its end, and does nothing any more. */
  readonly finished: boolean;
  /** Values of the labels by which components are known: `k8s-app`, `app.kubernetes.io/name`, `app.kubernetes.io/part-of`. */
  readonly apps: readonly string[];
  /** `DaemonSet cilium`; a ReplicaSet stands for its Deployment. Undefined: somebody made the pod by itself. */
  readonly controller: string | undefined;
  readonly template: TemplateFacts;
}

export interface WorkloadFacts {
  /** `Deployment`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly ofProduct: boolean;
  readonly template: TemplateFacts;
  /** DaemonSets: on how many nodes it shall run, and does. */
  readonly desired: number;
  readonly ready: number;
}

export interface ServiceAccountFacts {
  readonly namespace: string;
  readonly name: string;
  readonly automount: boolean | undefined;
}

export interface RoleFacts {
  readonly kind: 'ClusterRole' | 'Role';
  /** Empty for a ClusterRole. */
  readonly namespace: string;
  readonly name: string;
  /** Made by the API server itself. */
  readonly builtIn: boolean;
  readonly ofProduct: boolean;
  readonly rules: readonly PolicyRule[];
}

export interface BindingFacts {
  readonly kind: 'ClusterRoleBinding' | 'RoleBinding';
  /** Empty for a ClusterRoleBinding. */
  readonly namespace: string;
  readonly name: string;
  readonly role: { readonly kind: string; readonly name: string };
  readonly builtIn: boolean;
  readonly ofProduct: boolean;
  readonly subjects: readonly SubjectFacts[];
}

export interface SubjectFacts {
  readonly kind: string;
  readonly name: string;
  /** Of a service account. */
  readonly namespace: string;
}

export interface ConfigMapFacts {
  /** Those with keys that look like secrets, and these keys. */
  readonly suspects: readonly { readonly namespace: string; readonly name: string; readonly keys: readonly string[] }[];
  /** `enable-policy` of `kube-system/cilium-config`. */
  readonly ciliumPolicy: string | undefined;
}

export interface NetworkPolicyFacts {
  /** Namespaces that have one of their own. */
  readonly namespaces: ReadonlySet<string>;
  /** Names of policies for all pods of all namespaces. */
  readonly clusterwide: readonly string[];
}

/** A policy engine, or a policy of the API server itself, that is asked when pods are made. */
export interface PodGuard {
  /** `ValidatingWebhookConfiguration gatekeeper-validating-webhook-configuration`. */
  readonly what: string;
  /** Which namespaces it is asked for: all selectors have to match. */
  readonly namespaces: readonly LabelSelector[];
}

export interface AdmissionFacts {
  readonly guards: readonly PodGuard[];
  /** What looks at signatures of images: `ClusterPolicy check-images`. */
  readonly imageVerifiers: readonly string[];
}

export interface CertificateRequestFacts {
  readonly name: string;
  readonly username: string;
  readonly state: 'pending' | 'approved';
}

export interface NamedObject {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** What lies in the namespaces that are not meant for users' resources. */
export interface ResidentFacts {
  readonly residents: readonly (NamedObject & { readonly inAll: boolean })[];
  /** Kinds that could not be listed, and why. */
  readonly unseen: readonly string[];
}

export interface ClusterFacts {
  readonly version: string;
  readonly nodes: readonly NodeFacts[];
  readonly namespaces: readonly NamespaceFacts[];
  readonly pods: readonly PodFacts[];
  readonly workloads: readonly WorkloadFacts[];
  readonly serviceAccounts: readonly ServiceAccountFacts[];
  readonly roles: readonly RoleFacts[];
  readonly bindings: readonly BindingFacts[];
  readonly configMaps: ConfigMapFacts;
  readonly networkPolicies: NetworkPolicyFacts;
  readonly admission: AdmissionFacts;
  /** Requests for certificates in the group `system:masters`, unless refused. */
  readonly mastersRequests: readonly CertificateRequestFacts[];
  /** `externalsecrets.external-secrets.io`. */
  readonly customResources: readonly string[];
  /** Secrets that hold tokens without an end. */
  readonly tokenSecrets: readonly NamedObject[];
  readonly bootstrapTokens: readonly NamedObject[];
  readonly residents: ResidentFacts;
}

export type FactName = keyof ClusterFacts;

/** What was looked at and seen, or why it could not be. */
export type Looked<T> = { readonly seen: T } | { readonly unseen: string };

export type PodSecurityLevel = 'privileged' | 'baseline' | 'restricted';

/** What the files of this control plane say, and the API does not. */
export interface OwnConfiguration {
  readonly node: string;
  /** Levels for namespaces that have no label. */
  readonly podSecurity: {
    readonly active: boolean;
    readonly enforce: PodSecurityLevel;
    readonly exemptNamespaces: readonly string[];
    /** Namespaces that may be exempt, because somebody has said so. */
    readonly documentedExemptions: readonly string[];
  };
  readonly admissionPlugins: readonly string[];
  /** Containers without a profile get the runtime's on this node. */
  readonly seccompDefault: boolean;
  readonly kms: boolean;
}

export type ApiFacts = { readonly [K in FactName]?: Looked<ClusterFacts[K]> } & { readonly own: OwnConfiguration };
