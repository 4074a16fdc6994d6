/** How hook tools are reached: one method, so that it can be an executable today and a socket tomorrow. */

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
