/** The services of the snap that have arguments, and what is known of those arguments. */

export const SERVICES = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'etcd',
] as const;

export type Service = (typeof SERVICES)[number];

/** Services of a worker that have arguments of an operator's. */
export const WORKER_SERVICES: readonly Service[] = ['kube-proxy', 'kubelet'];

/** The option with which an operator gives arguments to it. */
export function optionOf(service: Service): string {
  return service === 'etcd' ? 'datastore-extra-args' : `${service}-extra-args`;
}

/** Flag with its two dashes → value. */
export type Arguments = Readonly<Record<string, string>>;

/** With null for a flag that is to be taken out. */
export type ExtraArguments = Readonly<Record<string, string | null>>;

/** What the arguments of a service are without those that capabilities ask for: the ground on which these decide what they ask. */
export interface ServiceBase {
  /** The operator's; null takes a flag out. */
  readonly operator: ExtraArguments;
  /** What its file would say without any argument of ours. */
  readonly untouched: Arguments;
  /** What it says. */
  readonly present: Arguments;
  /** What it says again when the service does not come up with an edit whose restart is still due; none is due: nothing. */
  readonly former: Arguments;
  /** Whether it will say something that is not known yet, before there is a node. */
  isUnknown(flag: string): boolean;
}

/** A service that has a file of arguments on this node. */
export interface ArgumentsOnFile {
  /** Text of the file; empty when there is none. */
  readonly text: string;
  /** Whether it runs with them: no edit waits for its restart. */
  readonly restarted: boolean;
  /** Flags that the charm has put there, and remembers. */
  readonly remembered: readonly string[];
}
