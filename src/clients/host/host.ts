/**
 * The client of the machine: the machine, as far as a charm touches it. All paths are absolute as on a unit (`/etc/kubernetes`) and hang
 * from one root: `/` on a unit, a folder in a test.
 */

export interface FileStatus {
  readonly size: number;
  /** Permission bits, as in `0o600`. */
  readonly mode: number;
  /** Who runs the charm counts as root: on a unit it is root, and in a test whoever runs it. */
  readonly uid: number;
  readonly gid: number;
  readonly modifiedMs: number;
  readonly inode: number;
  readonly kind: 'file' | 'directory' | 'other';
  /** The path is a symbolic link; everything else is of what it leads to. */
  readonly link?: true;
}

export interface WriteOptions {
  readonly mode: number;
  /** Default 0:0 when we are root; left as created otherwise. */
  readonly owner?: Owner;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface Files {
  /** Text of a file, or undefined when there is none. */
  read(path: string): Promise<string | undefined>;
  status(path: string): Promise<FileStatus | undefined>;
  /** Names in a directory, sorted; none when it does not exist. */
  list(directory: string): Promise<readonly string[]>;
  /** The directory and all below it, by path, with links followed to files but not into directories; none when it does not exist. */
  tree(directory: string): Promise<ReadonlyMap<string, FileStatus>>;
  /**
   * Replaces a file in one step: a temporary file beside it, mode and owner set, synced, renamed, directory synced. On any
   * failure (a full disk) the old file stands untouched and no temporary file stays. Missing directories are made, 0700.
   */
  write(path: string, content: string, options: WriteOptions): Promise<void>;
  /** No error when it does not exist. Directories with all they hold. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string, mode: number): Promise<void>;
  setMode(path: string, mode: number): Promise<void>;
  setOwner(path: string, owner: Owner): Promise<void>;
  /** Bytes that are free on the disk on which the path lies, or would lie. */
  freeSpace(path: string): Promise<number>;
  /** The path as the operating system knows it. For handing to other programs only. */
  real(path: string): string;
}

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface UnitStatus {
  readonly active: boolean;
  /** Whether it is started at boot. */
  readonly enabled: boolean;
  /** Of a service that runs. */
  readonly mainPid?: number;
}

export interface Systemd {
  /** By name (`snap.k8s.kubelet.service`); undefined where systemd does not answer. A unit that does not exist is neither active nor enabled. */
  units(names: readonly string[]): Promise<ReadonlyMap<string, UnitStatus> | undefined>;
}

export interface Sysctl {
  /** Value of `vm.overcommit_memory`, or undefined when the kernel has no such key. */
  read(key: string): Promise<string | undefined>;
  /** Throws when the key is read-only here (a container). */
  write(key: string, value: string): Promise<void>;
}

export interface Snap {
  readonly name: string;
  /** `1.36.4`, without a leading `v`. */
  readonly version: string;
  readonly revision: string;
  /** The channel that it follows (`1.36-classic/stable`); undefined for a local file. */
  readonly channel?: string;
  readonly confinement: string;
  /** Until when refreshes are held; undefined: not held. */
  readonly heldUntil?: string;
}

export interface SnapService {
  /** Without the snap's name: `kubelet`. */
  readonly name: string;
  readonly active: boolean;
  readonly enabled: boolean;
}

export interface SnapWait {
  readonly timeoutMs: number;
  /** Called with snapd's summary of what it is doing, when that changes. */
  readonly onProgress?: (summary: string) => void;
}

/**
 * snapd over its socket. Calls that change something resolve when the change is done, reject with `SnapdError` when snapd
 * refuses or the change fails, and wait (within the timeout) while another change of the snap is in progress.
 */
export interface Snapd {
  snap(name: string): Promise<Snap | undefined>;
  /** The revision that the store has on a channel; undefined when it has none there. Asks the store: it may be away. */
  published(name: string, channel: string): Promise<string | undefined>;
  /** From the store. Already installed counts as done. */
  install(name: string, source: { readonly channel: string; readonly classic: boolean }, wait: SnapWait): Promise<void>;
  /**
   * From a file, without its signature being checked (dangerous). Also replaces an installed revision. Its path is the operating
   * system's, not below the root: it is Juju that names it, as a resource.
   */
  installFile(name: string, path: string, options: { readonly classic: boolean }, wait: SnapWait): Promise<void>;
  /** Also of one that came from a file. No update available counts as done. */
  refresh(name: string, source: { readonly channel: string }, wait: SnapWait): Promise<void>;
  /** What it follows from now on; the revision that is installed stays. */
  switchChannel(name: string, source: { readonly channel: string }, wait: SnapWait): Promise<void>;
  /** Back to the revision before. The channel that is followed stays. */
  revert(name: string, wait: SnapWait): Promise<void>;
  /** Forever: snapd does not refresh behind our back. */
  hold(name: string, wait: SnapWait): Promise<void>;
  unhold(name: string, wait: SnapWait): Promise<void>;
  /** With its data, without a snapshot. Not installed counts as done. */
  remove(name: string, wait: SnapWait): Promise<void>;
  services(snap: string): Promise<readonly SnapService[]>;
  /** The last lines that a service has written, oldest first; none where they cannot be had. */
  log(snap: string, service: string, count: number): Promise<readonly string[]>;
  start(
    snap: string,
    services: readonly string[],
    options: { readonly enable: boolean },
    wait: SnapWait,
  ): Promise<void>;
  stop(
    snap: string,
    services: readonly string[],
    options: { readonly disable: boolean },
    wait: SnapWait,
  ): Promise<void>;
  restart(snap: string, services: readonly string[], wait: SnapWait): Promise<void>;
}

export interface TlsPeer {
  /** The certificate that was served, DER. */
  readonly certificate: Uint8Array;
}

export interface HeldConnection {
  /** Whether the other end closes it within the time. */
  closed(timeoutMs: number): Promise<boolean>;
  end(): void;
}

export interface JsonQuestion {
  readonly url: string;
  /** PEM. */
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
  readonly body: unknown;
  readonly timeoutMs: number;
}

export interface Host {
  readonly files: Files;
  readonly snapd: Snapd;
  readonly sysctl: Sysctl;
  readonly systemd: Systemd;
  /** The words that a process was started with; undefined when there is none of that number. */
  commandLine(pid: number): Promise<readonly string[] | undefined>;
  /** Lower-cased host name as the kernel has it (`/proc/sys/kernel/hostname`). */
  hostname(): Promise<string>;
  /** Fully qualified host name, lower-cased; the host name when the machine knows none. */
  fullHostname(): Promise<string>;
  /** Runs a program with an argument vector, never through a shell. A non-zero exit is a result, not an error. */
  run(program: string, args: readonly string[], options: CommandOptions): Promise<CommandResult>;
  /** Connects to a TLS port and gives the certificate that it serves, unverified; undefined when nothing answers in time. */
  servedCertificate(address: string, port: number, timeoutMs: number): Promise<TlsPeer | undefined>;
  /** Whether something accepts TCP connections there within the time. */
  accepts(address: string, port: number, timeoutMs: number): Promise<boolean>;
  /** Opens a TCP connection and says nothing: it is closed when the process at the other end ends. Undefined when nothing takes it. */
  holdConnection(address: string, port: number, timeoutMs: number): Promise<HeldConnection | undefined>;
  /**
   * POSTs JSON over TLS. The answer's JSON; undefined when there is none of success in time. Rejects with `AnswerTooLarge`, so that what is
   * asked for in pages can be asked for in smaller ones.
   */
  postJson(question: JsonQuestion): Promise<unknown>;
  sleep(ms: number): Promise<void>;
  now(): Date;
}
