/**
 * k8sd's errors by meaning. Its texts come wrapped by Go, so a text is looked for inside the message; codes alone do not do:
 * every failed bootstrap is 400 and nearly everything else is 500.
 */
import {
  AlreadyBootstrapped,
  AlreadyJoined,
  BadRequest,
  ClusterBusy,
  ControlPlaneOnly,
  Immutable,
  K8sdError,
  K8sdUnavailable,
  NodeExists,
  NotFound,
  NotInitialised,
  WaitingForUpgrade,
} from './errors.ts';

type Meaning = new (status: number, message: string) => K8sdError;

interface Row {
  readonly status?: number;
  readonly texts?: readonly string[];
  readonly meaning: Meaning;
}

/** The first row that fits. A row without texts fits any, a row without status fits any. */
const TABLE: readonly Row[] = [
  { status: 503, texts: ['Database is not yet initialized', 'daemon not yet initialized'], meaning: NotInitialised },
  { status: 503, texts: ['waiting for an upgrade'], meaning: WaitingForUpgrade },
  { status: 503, meaning: K8sdUnavailable },
  { status: 521, meaning: AlreadyJoined },
  { status: 403, meaning: ControlPlaneOnly },
  { status: 404, meaning: NotFound },
  { status: 501, meaning: NotFound },
  { texts: ['cluster is already bootstrapped'], meaning: AlreadyBootstrapped },
  // 500 or 400, and either wording, by release.
  { texts: ['a node with this name is already part', 'a node with the same name'], meaning: NodeExists },
  // 400 or 500 by release: the API server could not be asked.
  { texts: ['failed to check whether node name is available'], meaning: K8sdUnavailable },
  { texts: ['prevented update of'], meaning: Immutable },
  {
    texts: [
      'cluster is unhealthy or another node is currently joining the cluster',
      'too many learner members in cluster',
      'etcdserver: unhealthy cluster',
      'etcdserver: no leader',
    ],
    meaning: ClusterBusy,
  },
  { status: 400, texts: ['failed to bootstrap new cluster'], meaning: K8sdError },
  { status: 400, meaning: BadRequest },
];

/** Texts of a daemon that will answer soon. k8sd's own client retries on the first two. */
const STARTING = [
  'Database is still starting',
  'not yet ready',
  'not ready yet',
  'daemon not yet initialized',
] as const;

/** Longer ones are etcd or Helm dumping their state into an error. */
const MAX_TEXT = 2000;

export function meaningOf(status: number, text: string): K8sdError {
  const row = TABLE.find(
    (candidate) =>
      (candidate.status === undefined || candidate.status === status) &&
      (candidate.texts === undefined || candidate.texts.some((part) => text.includes(part))),
  );
  return new (row?.meaning ?? K8sdError)(status, text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);
}

/** Answered before the request was looked at, so that any request may be sent again. */
export function isStarting(error: K8sdError): boolean {
  return error.status === 503 && STARTING.some((text) => error.message.includes(text));
}
