/** How hook tools are reached: one method, whether they are executables or calls over the agent's socket. */

export interface HookToolAnswer {
  /** 0 success, 1 a refusal by Juju's state, 2 a call that Juju could not parse (a bug of ours). */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Transport {
  /**
   * Runs one hook tool. Resolves whatever the exit code is; rejects only when the tool could not be run at all, and with
   * {@link UnusableAnswer} when it printed more than `largestOutput` bytes.
   */
  call(tool: string, args: readonly string[], stdin?: string, largestOutput?: number): Promise<HookToolAnswer>;
}

export interface OpenTransport extends Transport {
  /** The dispatch is over: what is held open goes. */
  close(): void;
}

/** Bytes, where the caller does not say. Node's default of 1 MiB would cut the unit state off, of which Juju keeps 2 MiB. */
export const LARGEST_OUTPUT = 24 * 1024 * 1024;
