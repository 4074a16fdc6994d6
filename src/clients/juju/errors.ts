/** What can go wrong between a charm and its unit agent, by meaning. */

/** Exit 2: the call itself was wrong. Always a bug of ours. */
export class HookToolMisuse extends Error {
  override readonly name = 'HookToolMisuse';
}

/** Exit 1: Juju refused, for a reason of state. `message` is Juju's text without the `ERROR ` prefix. */
export class HookToolRefusal extends Error {
  override readonly name: string = 'HookToolRefusal';
}

export class NotLeader extends HookToolRefusal {
  override readonly name = 'NotLeader';
}

export class NotFound extends HookToolRefusal {
  override readonly name = 'NotFound';
}

export class PermissionDenied extends HookToolRefusal {
  override readonly name = 'PermissionDenied';
}

/** The tool could not be run, or was cut off from the unit agent, or what it printed makes no sense. Nothing is known of its effect. */
export class HookToolFailure extends Error {
  override readonly name: string = 'HookToolFailure';
}

/** The tool printed more than was asked for, or something else than it is known to print: what it read cannot be used. */
export class UnusableAnswer extends HookToolFailure {
  override readonly name = 'UnusableAnswer';
}
