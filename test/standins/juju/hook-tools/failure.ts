/** How a hook tool ends badly: exit 2 for a call that could not be parsed, 1 for one that Juju's state does not allow. */

export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly code: 1 | 2;

  constructor(code: 1 | 2, message: string) {
    super(message);
    this.code = code;
  }
}

/** Not a failure of the tool: the agent says it to the client, which is to send its input and ask again. */
export class NoStdin extends Error {
  override readonly name = 'NoStdin';

  constructor() {
    super('hook tool requires stdin, none supplied');
  }
}

export function misuse(message: string): ToolFailure {
  return new ToolFailure(2, message);
}

export function refusal(message: string): ToolFailure {
  return new ToolFailure(1, message);
}
