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
  /**
   * `kube-apiserver-profiling` or `V-242402`; never used twice, and never a number of CIS: editions give one number to different
   * controls.
   */
  readonly id: string;
  /** Of CIS controls: the id in revisions of the charm that had the numbers of CIS 1.24 in ids, `CIS-1.2.17`. Waivers may still have it. */
  readonly formerly?: string;
  /** Of CIS controls: 1 for what every cluster is to have, 2 for environments where security comes before all. */
  readonly level?: 1 | 2;
  /** What each benchmark that has it calls it: `1.2.18`, `1.2.16`, `V-242402`. Empty: no benchmark that is assessed has it any more. */
  readonly numbers: Readonly<Partial<Record<Benchmark, string>>>;
  readonly title: string;
  /** Of CIS controls: high where scored. Of STIG rules: high for CAT I, medium for CAT II. */
  readonly severity: 'high' | 'medium' | 'low';
  /** CIS: whether it counts for the score. STIG rules all do. */
  readonly scored: boolean;
  readonly places: readonly Place[];
  /**
   * A service without which there is nothing to look at: etcd with a datastore outside of the cluster, kube-proxy where the network
   * of the cluster replaces it. The control is not applicable then.
   */
  readonly needs?: HardenedService;
  readonly check: Check;
  /** Steps that the charm takes while a mode is on; none where only people can help. */
  readonly remedy: readonly RemedyStep[];
  /** Where an edition of a benchmark asks for something else. `controlsOf` (catalogue.ts) puts it in place of the above. */
  readonly editions?: Readonly<Partial<Record<Benchmark, Edition>>>;
  /** What a person would have to do, in words; also where the charm does it. */
  readonly advice: string;
  /** Services that read the changed thing only when they start. */
  readonly restarts: readonly HardenedService[];
  /** What may suffer from the remedy; empty when nothing does. */
  readonly risk: string;
  /** What a node or cluster gives that nobody has hardened, in each benchmark that has it. */
  readonly byDefault: Readonly<Partial<Record<Benchmark, ByDefault>>>;
  /** Ids of controls that look at the same things, of this benchmark and of others. */
  readonly related: readonly string[];
  /** Why the project reads the control otherwise than its letter; goes into checklists as justification. */
  readonly tailoring?: string;
  /** STIG only. */
  readonly stig?: {
    /** `CNTR-K8-000610`. */
    readonly stigId: string;
    /** With its revision, `SV-242402r960888_rule`: tools that import checklists find rules by it. */
    readonly rule: string;
    /** The requirement that it comes from, which is the title of its group: `SRG-APP-000092-CTR-000165`. */
    readonly srg: string;
    readonly cci: readonly string[];
    /** The present release no longer has the rule; checklists made from older ones do. */
    readonly dropped?: true;
  };
}

/** `host`: it depends on the image of the machine. */
export type ByDefault = 'pass' | 'fail' | 'manual' | 'not-applicable' | 'host';

export interface Edition {
  readonly check?: Check;
  readonly remedy?: readonly RemedyStep[];
  readonly advice?: string;
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
  | VersionCheck
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
    /** An address and perhaps a port: `127.0.0.1` fits `127.0.0.1:10249`. */
    | { readonly host: string; readonly orUnset?: boolean }
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
  /** Only what is of this kind among the paths; all where it is left out. */
  readonly kind?: FileKind;
}

export type FileKind = 'file' | 'directory';

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
  readonly rule: ContentRule;
  /** What it means when the file does not say it, where other words may come to the same: a person has to judge. */
  readonly otherwise?: 'manual';
}

export const CONTENT_RULES = [
  'encrypts-secrets',
  'encrypts-secrets-with-approved-provider',
  'has-audit-rules',
  'audits-all-request-responses',
  'audits-sensitive-requests',
  'enforces-pod-security',
  'limits-event-rates',
] as const;

export type ContentRule = (typeof CONTENT_RULES)[number];

/** A file must not have the content of any of the others. */
export interface DistinctFilesCheck {
  readonly type: 'distinct-files';
  readonly path: string;
  readonly from: readonly string[];
}

export interface SysctlCheck {
  readonly type: 'sysctl';
  readonly values: Readonly<Record<string, string>>;
}

/** systemd units that must not run, or must not be started at boot. A unit that does not exist is both. */
export interface UnitCheck {
  readonly type: 'unit';
  readonly units: readonly string[];
  readonly state: 'inactive' | 'disabled';
}

/** Kubernetes' version on the node, and so of all programs of the snap. */
export interface VersionCheck {
  readonly type: 'version';
  readonly atLeast: string;
}

/** What the Kubernetes API tells; the rules are functions by these names, with the parameters that they take. */
export interface ApiCheck {
  readonly type: 'api';
  readonly rule: string;
  readonly parameters?: ApiParameters;
}

export type ApiParameters = Readonly<Record<string, readonly string[]>>;

/** The language of remedies: each step says what shall be so, and is taken back when the mode is turned off. */
export type RemedyStep =
  | {
      readonly set: { readonly service: HardenedService; readonly flag: string; readonly value: string };
      /** Only where this service is in use on the node: k8sd writes other values for a datastore outside of the cluster. */
      readonly needs?: HardenedService;
    }
  | { readonly unset: { readonly service: HardenedService; readonly flag: string } }
  | { readonly add: { readonly service: HardenedService; readonly flag: string; readonly items: readonly string[] } }
  | { readonly remove: { readonly service: HardenedService; readonly flag: string; readonly items: readonly string[] } }
  /** The value comes from an option of the charm (`audit-log-maxage`, `pod-max-pids`). */
  | { readonly option: { readonly service: HardenedService; readonly flag: string; readonly option: string } }
  /** A file that the charm makes from options, and the flag that names it. */
  | { readonly policy: 'audit-policy' | 'admission-configuration' | 'encryption-configuration' }
  /** `mode`: octal digits. */
  | { readonly mode: { readonly paths: readonly string[]; readonly mode: string; readonly kind?: FileKind } }
  | { readonly owner: { readonly paths: readonly string[]; readonly owner: string } }
  | { readonly sysctl: Readonly<Record<string, string>> };
