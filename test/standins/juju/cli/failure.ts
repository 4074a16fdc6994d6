/** What went wrong with a command, for the person who typed it: one line on stderr, exit 1 (or 2 for a malformed command). */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly code: number;

  constructor(message: string, code = 1) {
    super(message);
    this.code = code;
  }
}
