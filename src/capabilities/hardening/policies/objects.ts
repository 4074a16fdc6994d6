/** Objects of the Kubernetes API as its lists give them, as far as the policies of a cluster are concerned. */

import type { ListedObject } from '../../../clients/kubernetes/kubernetes.ts';

export interface ListedPod extends ListedObject {
  readonly spec?: PodSpec;
  readonly status?: { readonly phase?: string };
}

/** Deployment, DaemonSet, StatefulSet, Job. */
export interface ListedWorkload extends ListedObject {
  readonly spec?: { readonly template?: PodTemplate };
  readonly status?: { readonly desiredNumberScheduled?: number; readonly numberReady?: number };
}

export interface ListedCronJob extends ListedObject {
  readonly spec?: { readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } } };
}

export interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: PodSpec;
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly os?: { readonly name?: string };
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly securityContext?: PodSecurityContext;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly ephemeralContainers?: readonly Container[];
  readonly volumes?: readonly { readonly name: string; readonly hostPath?: { readonly path?: string } }[];
}

export interface PodSecurityContext {
  readonly runAsNonRoot?: boolean;
  readonly runAsUser?: number;
  readonly seccompProfile?: { readonly type?: string };
  readonly windowsOptions?: { readonly hostProcess?: boolean };
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly ports?: readonly { readonly containerPort?: number; readonly hostPort?: number }[];
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: { readonly name?: string } };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: { readonly name?: string } }[];
  readonly securityContext?: PodSecurityContext & {
    readonly privileged?: boolean;
    readonly allowPrivilegeEscalation?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] };
  };
}

export interface ListedServiceAccount extends ListedObject {
  readonly automountServiceAccountToken?: boolean;
}

export interface ListedRole extends ListedObject {
  readonly rules?: readonly PolicyRule[] | null;
}

export interface PolicyRule {
  readonly verbs?: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

export interface ListedBinding extends ListedObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects?: readonly { readonly kind: string; readonly name: string; readonly namespace?: string }[] | null;
}

export interface ListedConfigMap extends ListedObject {
  readonly data?: Readonly<Record<string, string>>;
}

export interface ListedNode extends ListedObject {
  readonly status?: { readonly nodeInfo?: { readonly kubeletVersion?: string; readonly operatingSystem?: string } };
}

export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** What requests a webhook or policy sees. */
export interface AdmissionRule {
  readonly apiGroups?: readonly string[];
  readonly operations?: readonly string[];
  readonly resources?: readonly string[];
}

export interface ListedWebhooks extends ListedObject {
  readonly webhooks?: readonly {
    readonly name: string;
    readonly namespaceSelector?: LabelSelector;
    readonly rules?: readonly AdmissionRule[];
  }[];
}

export interface ListedAdmissionPolicy extends ListedObject {
  readonly spec?: {
    readonly matchConstraints?: {
      readonly resourceRules?: readonly AdmissionRule[];
      readonly namespaceSelector?: LabelSelector;
    };
  };
}

export interface ListedAdmissionPolicyBinding extends ListedObject {
  readonly spec?: {
    readonly policyName?: string;
    readonly validationActions?: readonly string[];
    readonly matchResources?: { readonly namespaceSelector?: LabelSelector };
  };
}

export interface ListedClusterPolicy extends ListedObject {
  readonly spec?: { readonly rules?: readonly { readonly verifyImages?: readonly unknown[] }[] };
}

export interface ListedCiliumClusterwidePolicy extends ListedObject {
  readonly spec?: { readonly endpointSelector?: LabelSelector };
  readonly specs?: readonly { readonly endpointSelector?: LabelSelector }[];
}

export interface ListedCertificateRequest extends ListedObject {
  readonly spec?: { readonly request?: string; readonly username?: string; readonly signerName?: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string }[] };
}
