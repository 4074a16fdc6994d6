/**
 * A control of a benchmark, as data: what it asks for, how that is checked and what brings it about. The catalogues
 * (`charm/hardening/cis.yaml`, `stig.yaml`) are lists of these; to add a control is to add data.
 */

export const BENCHMARKS = ['cis-1.12', 'cis-1.24', 'stig'] as const;

export type Benchmark = (typeof BENCHMARKS)[number];

/** Where a control is looked at: on a node of a kind, or once for the whole cluster, through the Kubernetes API. */
export type Place = 'control-plane' | 'worker' | 'cluster';

export const HARDENED_SERVICES = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'etcd',
] as const;

export type HardenedService = (typeof HARDENED_SERVICES)[number];

export interface Control {
  /** `CIS-1.2.18` or `V-242402`; never used twice. */
  readonly id: string;
  /** What each benchmark that has it calls it: `1.2.18`, `1.2.16`, `V-242402`. */
  readonly numbers: Readonly<Partial<Record<Benchmark, string>>>;
  readonly title: string;
  /** Of CIS controls: high where scored. Of STIG rules: high for CAT I, medium for CAT II. */
  readonly severity: 'high' | 'medium' | 'low';
  /** CIS: whether it counts for the score. STIG rules all do. */
  readonly scored: boolean;
  readonly places: readonly Place[];
  readonly check: Check;
  /** Steps that the charm takes while a mode is on; none where only people can help. */
  readonly remedy: readonly RemedyStep[];
  /** What a person would have to do, in words; also where the charm does it. */
  readonly advice: string;
  /** Services that read the changed thing only when they start. */
  readonly restarts: readonly HardenedService[];
  /** What may suffer from the remedy; empty when nothing does. */
  readonly risk: string;
  /** Document and number that the control comes from. */
  readonly reference: string;
  /** Ids of controls of the other benchmarks that ask for the same. */
  readonly related: readonly string[];
  /** Why the project reads the control otherwise than its letter; goes into checklists as justification. */
  readonly tailoring?: string;
  /** STIG only. */
  readonly stig?: { readonly stigId: string; readonly cci: readonly string[] };
}

/** The language of checks. All values are compared as text after quotes are taken off, unless said otherwise. */
export type Check =
  | FlagCheck
  | ListFlagCheck
  | FileModeCheck
  | FileOwnerCheck
  | ContentCheck
  | DistinctFilesCheck
  | SysctlCheck
  | UnitCheck
  | ApiCheck
  | { readonly type: 'all' | 'any'; readonly of: readonly Check[] }
  | { readonly type: 'manual'; readonly hint: string }
  | { readonly type: 'not-applicable'; readonly reason: string };

/** A flag in the argument file of a service, and in the running process. Exactly one test. */
export interface FlagCheck {
  readonly type: 'flag';
  readonly service: HardenedService;
  readonly flag: string;
  readonly test:
    | { readonly set: boolean }
    | { readonly is: readonly string[]; readonly orUnset?: boolean }
    | { readonly isNot: readonly string[]; readonly orUnset?: boolean }
    | { readonly atLeast: number; readonly orUnset?: boolean }
    | { readonly above: number; readonly orUnset?: boolean }
    /** Go duration. */
    | { readonly lastsAtLeast: string; readonly orUnset?: boolean };
}

/** A flag whose value is a list with commas. */
export interface ListFlagCheck {
  readonly type: 'list-flag';
  readonly service: HardenedService;
  readonly flag: string;
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
  /** Nothing else may be among them. */
  readonly only?: readonly string[];
  readonly orUnset?: boolean;
}

export interface FileModeCheck {
  readonly type: 'file-mode';
  /** Absolute; `*` within a name, `**` for all below. */
  readonly paths: readonly string[];
  /** Octal digits: no permission bit beyond these. */
  readonly atMost: string;
}

export interface FileOwnerCheck {
  readonly type: 'file-owner';
  readonly paths: readonly string[];
  /** `root:root`. */
  readonly owner: string;
}

/** What a policy file must say; the rules are functions by these names. */
export interface ContentCheck {
  readonly type: 'content';
  /** The file is the one that this flag names. */
  readonly service: HardenedService;
  readonly flag: string;
  readonly rule:
    | 'encrypts-secrets'
    | 'encrypts-secrets-with-approved-provider'
    | 'audits-all-request-responses'
    | 'audits-sensitive-requests'
    | 'enforces-pod-security';
}

export interface DistinctFilesCheck {
  readonly type: 'distinct-files';
  readonly path: string;
  readonly from: readonly string[];
}

export interface SysctlCheck {
  readonly type: 'sysctl';
  readonly values: Readonly<Record<string, string>>;
}

/** systemd units that must not run. */
export interface UnitCheck {
  readonly type: 'unit';
  readonly units: readonly string[];
  readonly state: 'inactive';
}

/** What the Kubernetes API tells; the rules are functions by these names, with the parameters that they take. */
export interface ApiCheck {
  readonly type: 'api';
  readonly rule: string;
  readonly parameters?: Readonly<Record<string, readonly string[]>>;
}

/** The language of remedies: each step says what shall be so, and is taken back when the mode is turned off. */
export type RemedyStep =
  | { readonly set: { readonly service: HardenedService; readonly flag: string; readonly value: string } }
  | { readonly unset: { readonly service: HardenedService; readonly flag: string } }
  | { readonly add: { readonly service: HardenedService; readonly flag: string; readonly items: readonly string[] } }
  | { readonly remove: { readonly service: HardenedService; readonly flag: string; readonly items: readonly string[] } }
  /** The value comes from an option of the charm (`audit-log-maxage`, `pod-max-pids`). */
  | { readonly option: { readonly service: HardenedService; readonly flag: string; readonly option: string } }
  /** A file that the charm makes from options, and the flag that names it. */
  | { readonly policy: 'audit-policy' | 'admission-configuration' | 'encryption-configuration' }
  | { readonly mode: { readonly paths: readonly string[]; readonly mode: string } }
  | { readonly owner: { readonly paths: readonly string[]; readonly owner: string } }
  | { readonly sysctl: Readonly<Record<string, string>> };
