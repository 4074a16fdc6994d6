/**
 * Which services serve something else than what lies in their files, remembered in the unit state. Looked at again when a file has
 * changed, now and then, and for as long as something differs: a look is a handshake with each service, which most dispatches can do
 * without.
 */

import type { Host } from '../../../clients/host/host.ts';
import type { Juju, State } from '../../../clients/juju/juju.ts';
import { readForeign } from '../../../core/foreign-json.ts';
import { list, object, type Shape, text, timestamp } from '../../../core/shapes.ts';
import type { NodeIdentity } from '../facts.ts';
import { isReadable, readCertificate } from '../read.ts';
import { inventoryPlaces, K8SD_PREFIX } from './places.ts';
import { lookAtServed } from './served.ts';

const KEY = 'certificates/served';

/** Services that are restarted read their files then, so that without a change of a file there is hardly ever anything to see. */
const REGULARLY_MS = 60 * 60_000;

interface Look {
  /** Of the files, when it was looked. */
  readonly stamp: string;
  /** RFC 3339. */
  readonly at: string;
  /** Names of certificates that are served otherwise. */
  readonly other: readonly string[];
}

const LOOK: Shape<Look> = object({ stamp: text(), at: timestamp, other: list(text()) });

/** @param stamp another one when any file has changed. @returns names of certificates whose services serve another one. */
export async function observeServed(
  { host, juju }: { readonly host: Host; readonly juju: Juju },
  { role, address }: NodeIdentity,
  stamp: string,
): Promise<readonly string[]> {
  const before = recall(await juju.state.get(KEY));
  if (before !== undefined && !isDue(before, stamp, juju, host.now())) return before.other;
  const places = inventoryPlaces(role).filter(({ port, name }) => port !== undefined && !name.startsWith(K8SD_PREFIX));
  const files = await Promise.all(
    places.map(async (place) => {
      const read = await readCertificate(host.files, place);
      return read !== undefined && isReadable(read) ? [{ place, fingerprint: read.fingerprint }] : [];
    }),
  );
  const served = await lookAtServed(host, files.flat(), address);
  const other = [...served].flatMap(([name, what]) => (what === 'other' ? [name] : []));
  const look: Look = { stamp, at: host.now().toISOString(), other };
  juju.state.set(KEY, JSON.stringify(look));
  return other;
}

export function forgetServed(state: State): void {
  state.set(KEY, undefined);
}

function isDue({ stamp, at, other }: Look, present: string, { event }: Juju, now: Date): boolean {
  if (stamp !== present || other.length > 0) return true;
  return event.kind === 'update-status' && now.getTime() - Date.parse(at) > REGULARLY_MS;
}

function recall(written: string | undefined): Look | undefined {
  return readForeign(written, LOOK);
}
