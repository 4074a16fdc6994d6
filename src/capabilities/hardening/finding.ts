/** What an assessment says of a control on a node. */

import type { Benchmark, Control, Place } from './control.ts';

/**
 * `pending-restart`: the file says what is asked for, the running process does not yet, or the other way round.
 * `not-evaluated`: it could not be looked at from here (policies of the cluster on a unit that is not the leader, an API that does
 * not answer).
 */
export const FINDING_STATES = [
  'fail',
  'pending-restart',
  'manual',
  'not-evaluated',
  'waived',
  'pass',
  'not-applicable',
] as const;

export type FindingState = (typeof FINDING_STATES)[number];

export interface Evidence {
  /** What was looked at: `--profiling of kube-apiserver`, `/etc/kubernetes/admin.conf`, `ClusterRoleBinding ops`. */
  readonly what: string;
  /** Never the content of a secret. */
  readonly found: string;
  readonly expected?: string;
}

export interface Waiver {
  /** As given: a control's id, or a number that means one control only. */
  readonly control: string;
  /** Of the control that it means; undefined where no control is called so. */
  readonly id?: string;
  readonly reason: string;
  /** Last day on which it holds, `2026-12-31`. */
  readonly until?: string;
  /**
   * Of a policy of the cluster: what is as it should be, as evidence names it (`ServiceAccount monitoring/prometheus`), with `*` for any
   * text. The control then still counts for everything else.
   */
  readonly allow?: readonly string[];
}

export interface Finding {
  readonly control: Control;
  /** Its number in the benchmark of the assessment. */
  readonly number: string;
  readonly state: FindingState;
  /** One sentence: why it is in that state. */
  readonly reason: string;
  readonly evidence: readonly Evidence[];
  /** How many pieces of evidence were left out of the list. */
  readonly more: number;
  /** What to do about it; empty when there is nothing to do. */
  readonly remedy: string;
  /** Of the waiver that covers it, whatever the state would be without. One that allows only some things covers a control that passes. */
  readonly waiver?: Waiver;
  /** What the state would be without the waiver. */
  readonly underneath?: FindingState;
}

/** What was assessed, as far as all benchmarks share it. */
export interface Subject {
  readonly unit: string;
  readonly node: string;
  readonly address: string;
  readonly application: string;
  /** Of Juju. */
  readonly model: string;
  readonly modelUuid: string;
  /** Name of the cluster; empty where nobody has said it yet. */
  readonly cluster: string;
  /** `k8s-worker 0.1.0, local:k8s-worker-3`. */
  readonly charm: string;
  /** `1.36.4 (revision 4512, 1.36-classic/stable)`. */
  readonly snap: string;
}

/** Whether the mode of a benchmark is on. */
export interface Mode {
  readonly on: boolean;
  /** RFC 3339: when a unit first saw it on; undefined while it is off. */
  readonly since?: string;
}

/** One benchmark on one node. */
export interface Assessment extends Subject {
  readonly benchmark: Benchmark;
  readonly mode: Mode;
  readonly places: readonly Place[];
  /** Of the snap: `1.36.4`. */
  readonly version: string;
  /** RFC 3339. */
  readonly at: string;
  /** In the order of the benchmark. */
  readonly findings: readonly Finding[];
  /** Waivers that are void: unknown control, date passed. */
  readonly problems: readonly string[];
}
