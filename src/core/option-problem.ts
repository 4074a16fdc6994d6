/** A value that an operator gave and that cannot be used: which option, what is wrong with it, what would be right. */

export interface OptionProblem {
  readonly option: string;
  /** Completes the sentence that begins with the option's name. Never repeats a value that may be a secret. */
  readonly message: string;
}

export interface Checked<T> {
  readonly value: T;
  readonly problems: readonly OptionProblem[];
}
