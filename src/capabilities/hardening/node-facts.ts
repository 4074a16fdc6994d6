/** What an assessment knows of a node. Read once each, by observe-node.ts; no content of a secret is among it. */

import type { FlagValues } from '../../core/flags.ts';
import type { FileKind, HardenedService, Place } from './control.ts';

export type { FlagValues };

export interface ServiceFacts {
  /** Of the argument file; undefined when there is none. */
  readonly file: FlagValues | undefined;
  /** Of the running process; undefined when none runs, or it is not known. */
  readonly process: FlagValues | undefined;
  /** Whether systemd runs it or is to run it at boot; undefined when it is not known. */
  readonly inUse: boolean | undefined;
  /** Of the running process. */
  readonly pid?: number;
  /** Files of systemd that change what it is started with; what its argument file says is not how it runs. */
  readonly overrides?: readonly string[];
}

export interface FileFacts {
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly kind: FileKind | 'other';
  /** The path is a symbolic link; the rest is of what it leads to. */
  readonly link?: true;
}

export interface UnitFacts {
  readonly active: boolean;
  /** Whether it is started at boot. */
  readonly enabled: boolean;
}

/** A policy file, as far as it can be read: parsed, keys of an encryption configuration taken out. */
export type PolicyFacts = { readonly value: unknown } | { readonly problem: string };

export interface NodeFacts {
  readonly role: Exclude<Place, 'cluster'>;
  /** Kubernetes' version on the node, `1.36.4`. */
  readonly version: string;
  readonly services: Readonly<Record<HardenedService, ServiceFacts>>;
  /** By path; only what exists. */
  readonly files: Readonly<Record<string, FileFacts>>;
  /** By path; undefined for a file that does not exist. */
  readonly policies: Readonly<Record<string, PolicyFacts | undefined>>;
  /** Of the paths that flags name, those at which there is no file, or an empty one. */
  readonly missing: readonly string[];
  /** SHA-256 by path; undefined for a file that does not exist. */
  readonly digests: Readonly<Record<string, string | undefined>>;
  readonly sysctls: Readonly<Record<string, string | undefined>>;
  /** Undefined where systemd cannot be asked. */
  readonly units: Readonly<Record<string, UnitFacts>> | undefined;
  /** Namespaces that may be exempt from pod security, because somebody has said so. */
  readonly exemptNamespaces: readonly string[];
}
