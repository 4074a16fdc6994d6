/** Since when the modes are on: for reports, which an auditor compares with what was agreed. A file beside the charm. */

import type { Host } from '../../clients/host/host.ts';
import type { Mode } from './finding.ts';

const FILE = '/var/lib/k8s-charm/modes.json';

type ModeName = 'cis' | 'stig';

const UNKNOWN = 'unknown';

/** RFC 3339, of the modes that are on; `UNKNOWN` of one that was turned on under a revision of the charm that did not remember it. */
type Since = Readonly<Partial<Record<ModeName, string>>>;

export async function modesOf(
  { files }: Host,
  on: Readonly<Record<ModeName, boolean>>,
): Promise<Record<ModeName, Mode>> {
  const since = parse(await files.read(FILE));
  const mode = (name: ModeName): Mode => {
    const time = since[name];
    return on[name] && time !== undefined && time !== UNKNOWN ? { on: true, since: time } : { on: on[name] };
  };
  return { cis: mode('cis'), stig: mode('stig') };
}

/**
 * Keeps the first moment of those that are on, and forgets those that are off.
 * @param upgraded the charm has just been refreshed: what is not remembered by then has been on for longer, nobody knows since when.
 */
export async function rememberModes(
  host: Host,
  { cis, stig }: Readonly<Record<ModeName, boolean>>,
  { upgraded }: { readonly upgraded: boolean },
): Promise<void> {
  const on = { cis, stig };
  const text = await host.files.read(FILE);
  const known = parse(text);
  const moment = host
    .now()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z');
  const first = upgraded ? UNKNOWN : moment;
  const entries = (['cis', 'stig'] as const).flatMap((name) =>
    on[name] ? [[name, known[name] ?? first] as const] : [],
  );
  const wanted = entries.length === 0 ? undefined : JSON.stringify(Object.fromEntries(entries));
  if (wanted === text) return;
  if (wanted === undefined) await host.files.remove(FILE);
  else await host.files.write(FILE, wanted, { mode: 0o600 });
}

function parse(text: string | undefined): Since {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    const times = (['cis', 'stig'] as const).flatMap((name) => {
      const time = (value as Record<string, unknown>)[name];
      return typeof time === 'string' && /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|unknown)$/.test(time)
        ? [[name, time] as const]
        : [];
    });
    return Object.fromEntries(times);
  } catch {
    return {};
  }
}
