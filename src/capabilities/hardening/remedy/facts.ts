/** What is so on a node, as far as remedies are decided by it. */

import type { Owner } from '../../../clients/host/host.ts';
import type { FileFacts } from '../node-facts.ts';
import type { Demands } from './demands.ts';
import type { RemedyMemory } from './memory.ts';

export interface RemedyFacts {
  readonly demands: Demands;
  /** As Juju has committed it, and with what a dispatch could not commit. */
  readonly committed: RemedyMemory;
  readonly memory: RemedyMemory;
  /** Of the files that are asked for or remembered, as far as there are any. */
  readonly files: ReadonlyMap<string, FileFacts>;
  /** No permission bit beyond these, by path. */
  readonly modes: ReadonlyMap<string, number>;
  readonly owners: ReadonlyMap<string, Owner>;
  /** Texts of the policy files that are asked for; undefined: not there. */
  readonly policies: ReadonlyMap<string, string | undefined>;
  /** Policy files of ours that nobody asks for and no argument names. */
  readonly strays: readonly string[];
  /** Present values of kernel parameters that are asked for or remembered; undefined: the kernel has no such thing. */
  readonly kernel: Readonly<Record<string, string | undefined>>;
  /** Text of the file with which they are set at boot. */
  readonly kernelFile: string | undefined;
  /** Whether kubelet insists on its kernel parameters, by its argument file. */
  readonly protectsKernel: boolean;
  /** The machine waits for a reboot; only looked at when the kernel of a running node is to be tuned for the first time. */
  readonly rebootPending: boolean;
  /** Bytes on the disk of the audit log; only when auditing is to begin. */
  readonly freeForAudit: number | undefined;
  /** Whether the folder of the audit log is there. */
  readonly auditFolder: boolean;
}
