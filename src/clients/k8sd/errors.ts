/** k8sd's answers that are not success, by meaning. `message` is k8sd's own text. */

export class K8sdError extends Error {
  override readonly name: string = 'K8sdError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** No socket, connection refused, starting, or 503 for a passing reason. */
export class K8sdUnavailable extends K8sdError {
  override readonly name = 'K8sdUnavailable';
}

/** 503 `Database is not yet initialized`: the node is in no cluster. */
export class NotInitialised extends K8sdError {
  override readonly name = 'NotInitialised';
}

/** 503 while members run different snaps: it passes when all are refreshed. */
export class WaitingForUpgrade extends K8sdError {
  override readonly name = 'WaitingForUpgrade';
}

/** 400: bootstrap of a node that has been bootstrapped. */
export class AlreadyBootstrapped extends K8sdError {
  override readonly name = 'AlreadyBootstrapped';
}

/** 521: join of a node that is in a cluster. */
export class AlreadyJoined extends K8sdError {
  override readonly name = 'AlreadyJoined';
}

/** 403: asked of a worker. */
export class ControlPlaneOnly extends K8sdError {
  override readonly name = 'ControlPlaneOnly';
}

/** 500: a token was asked for a name that a node has. */
export class NodeExists extends K8sdError {
  override readonly name = 'NodeExists';
}

/** 404: no such member, or an endpoint that this release does not have. */
export class NotFound extends K8sdError {
  override readonly name = 'NotFound';
}

/** 400: what we sent is not valid; a bug of ours or a bad option. */
export class BadRequest extends K8sdError {
  override readonly name = 'BadRequest';
}

/** The installed snap is too old for this call; nothing was sent. */
export class NotSupported extends K8sdError {
  override readonly name = 'NotSupported';
}

/** Immutable after bootstrap: `prevented update of …`. */
export class Immutable extends K8sdError {
  override readonly name = 'Immutable';
}

/** Another control plane is joining, or etcd has no quorum. */
export class ClusterBusy extends K8sdError {
  override readonly name = 'ClusterBusy';
}
