/**
 * How long options may be. Juju takes any length; what follows from an option has to fit into a value of the unit state (64 KiB), a
 * databag, an argument of a process or a certificate, so that a longer one is refused by its name instead of ending a hook.
 */

import type { ConfigValue } from '../juju/juju.ts';

export interface LongOption {
  readonly option: string;
  /** Completes the sentence that begins with the option's name. */
  readonly message: string;
}

type RawOptions = Readonly<Record<string, ConfigValue>>;

/** Bytes. */
const USUAL = 24 * 1024;
/** What goes into a file of its own, or is kept as a digest. */
const LONGER: Readonly<Record<string, number>> = {
  'audit-policy': 64 * 1024,
  'event-rate-limits': 64 * 1024,
  'hardening-waivers': 64 * 1024,
  'containerd-custom-registries': 512 * 1024,
};

/** The options without those that are too long, which count as not set. */
export function boundedOptions(raw: RawOptions): {
  readonly options: RawOptions;
  readonly problems: readonly LongOption[];
} {
  const problems = Object.entries(raw).flatMap(([option, value]): readonly LongOption[] => {
    const size = typeof value === 'string' ? Buffer.byteLength(value) : 0;
    const limit = LONGER[option] ?? USUAL;
    return size > limit ? [{ option, message: `has ${size} bytes; at most ${limit} are taken` }] : [];
  });
  const long = new Set(problems.map(({ option }) => option));
  return { options: Object.fromEntries(Object.entries(raw).filter(([option]) => !long.has(option))), problems };
}
