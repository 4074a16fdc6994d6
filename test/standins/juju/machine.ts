/**
 * What the local Juju model needs of a machine, and no more: somewhere to run a charm. What else lives on it (snapd, a
 * Kubernetes node) is the business of whoever provides it.
 */

/** `before`: asked, nothing has happened yet. `after`: it has happened, the answer has not gone out. */
export type CallPhase = 'before' | 'after';

/** Told of each call that a charm makes to something outside itself. The call waits for it; it may never resolve. */
export type OutsideCallObserver = (what: string, phase: CallPhase) => void | Promise<void>;

export interface Machine {
  /** Juju's machine id. */
  readonly id: string;
  readonly hostname: string;
  /** An address in 127.0.0.0/8 that no other machine has. */
  readonly address: string;
  /** Folder that stands for `/`. Short: Unix socket paths hang from it. */
  readonly root: string;
  /** Variables that a charm on this machine gets in addition to Juju's. */
  readonly environment: Readonly<Record<string, string>>;
  /** Set by the model to count and interrupt the calls of a dispatch. */
  observer: OutsideCallObserver | undefined;
  /** Power off and on: processes of the machine end and come back, files stay. */
  reboot(): Promise<void>;
  /** The machine is gone: nothing answers on it any more. Its folder stays for the curious until the model is destroyed. */
  terminate(): Promise<void>;
}

export interface MachineProvider {
  provision(id: string): Promise<Machine>;
  /** Writes down what is needed to go on from the folder of state in a later process. */
  save(): Promise<void>;
  /** Stops everything that runs; `save` first to go on later. */
  close(): Promise<void>;
}
