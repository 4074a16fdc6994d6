/** snapd over its REST socket: snaps installed, refreshed, held and removed, and their services. */
import type { Clock } from '../../time/clock.ts';
import { SnapdError } from './errors.ts';
import type { Snap, Snapd, SnapService, SnapWait } from './host.ts';
import { type Deadline, deadlineAfter, type SnapdCall, snapdCallOver } from './snapd-call.ts';
import { waitForChange } from './snapd-change.ts';
import type { SnapdBody } from './snapd-exchange.ts';
import { validate as findProblems } from './snapd-find.schema.json?validator';
import { serviceLog } from './snapd-logs.ts';
import { result } from './snapd-result.ts';
import { validate as servicesProblems } from './snapd-services.schema.json?validator';
import { validate as snapProblems } from './snapd-snap.schema.json?validator';

/** snapd answers from memory, but may be starting: when it refreshes itself it is away for some ten seconds. */
const ASK_MS = 30_000;
const ASK_CONNECT_MS = 20_000;

export function openSnapd(real: (path: string) => string, clock: Clock): Snapd {
  const call = snapdCallOver(real('/run/snapd.socket'), clock);
  const snapAction = (name: string, request: object, wait: SnapWait, repeatable = true) =>
    change(call, `/v2/snaps/${encodeURIComponent(name)}`, { json: request }, wait, repeatable);
  const serviceAction = async (snap: string, services: readonly string[], request: object, wait: SnapWait) => {
    if (services.length === 0) return;
    const names = services.map((service) => `${snap}.${service}`);
    await change(call, '/v2/apps', { json: { ...request, names } }, wait, true);
  };
  return {
    snap: (name) => installedSnap(call, name),
    published: (name, channel) => publishedRevision(call, name, channel),
    services: (snap) => snapServices(call, snap),
    log: (snap, service, count) => serviceLog(real('/run/snapd.socket'), `${snap}.${service}`, count),
    install: (name, { channel, classic }, wait) =>
      doneWhen('snap-already-installed', snapAction(name, { action: 'install', channel, classic }, wait)),
    installFile: (name, path, { classic }, wait) =>
      change(
        call,
        '/v2/snaps',
        { fields: { action: 'install', name, dangerous: 'true', classic: String(classic) }, file: path },
        wait,
        true,
      ),
    // `amend`: also from a local file back to the store.
    refresh: (name, { channel }, wait) =>
      doneWhen('snap-no-update-available', snapAction(name, { action: 'refresh', channel, amend: true }, wait)),
    switchChannel: (name, { channel }, wait) => snapAction(name, { action: 'switch', channel }, wait),
    // Twice would go back two revisions.
    revert: (name, wait) => snapAction(name, { action: 'revert' }, wait, false),
    hold: (name, wait) => snapAction(name, { action: 'hold', time: 'forever', 'hold-level': 'general' }, wait),
    unhold: (name, wait) => snapAction(name, { action: 'unhold' }, wait),
    remove: (name, wait) => doneWhen('snap-not-installed', snapAction(name, { action: 'remove', purge: true }, wait)),
    start: (snap, services, { enable }, wait) =>
      serviceAction(snap, services, { action: 'start', ...(enable ? { enable } : {}) }, wait),
    stop: (snap, services, { disable }, wait) =>
      serviceAction(snap, services, { action: 'stop', ...(disable ? { disable } : {}) }, wait),
    restart: (snap, services, wait) => serviceAction(snap, services, { action: 'restart' }, wait),
  };
}

async function change(
  call: SnapdCall,
  path: string,
  body: SnapdBody,
  wait: SnapWait,
  repeatable: boolean,
): Promise<void> {
  const deadline = deadlineAfter(call, wait.timeoutMs);
  const reply = await call({ method: 'POST', path, body }, { deadline, repeatable });
  if (reply.type === 'async') await waitForChange(call, reply.change, deadline, wait.onProgress);
}

async function installedSnap(call: SnapdCall, name: string): Promise<Snap | undefined> {
  const path = `/v2/snaps/${encodeURIComponent(name)}`;
  const found = await missing(['snap-not-found'], async () => {
    const reply = await call({ method: 'GET', path }, asking(call));
    return result<SnapAnswer>(`GET ${path}`, reply, snapProblems);
  });
  if (found === undefined) return undefined;
  const channel = found['tracking-channel'] || undefined;
  return {
    name: found.name,
    version: found.version.replace(/^v/, ''),
    revision: found.revision,
    confinement: found.confinement ?? '',
    ...(channel === undefined ? {} : { channel }),
    ...(found.hold ? { heldUntil: found.hold } : {}),
  };
}

async function publishedRevision(call: SnapdCall, name: string, channel: string): Promise<string | undefined> {
  const found = await missing(['snap-not-found'], async () => {
    const path = `/v2/find?${new URLSearchParams({ name })}`;
    const reply = await call({ method: 'GET', path }, asking(call));
    return result<readonly FoundSnap[]>('GET /v2/find', reply, findProblems);
  });
  const channels = found?.find((snap) => snap.name === name)?.channels ?? {};
  return Object.hasOwn(channels, channel) ? channels[channel]?.revision : undefined;
}

interface FoundSnap {
  readonly name: string;
  readonly channels?: Readonly<Record<string, { readonly revision: string }>> | null;
}

interface SnapAnswer {
  readonly name: string;
  readonly version: string;
  readonly revision: string;
  readonly 'tracking-channel'?: string;
  readonly confinement?: string;
  readonly hold?: string | null;
}

async function snapServices(call: SnapdCall, snap: string): Promise<readonly SnapService[]> {
  const path = `/v2/apps?${new URLSearchParams({ names: snap, select: 'service' })}`;
  const found = await missing(['snap-not-found', 'app-not-found'], async () => {
    const reply = await call({ method: 'GET', path }, asking(call));
    return result<readonly ServiceAnswer[] | null>('GET /v2/apps', reply, servicesProblems);
  });
  return (found ?? [])
    .filter((service) => service.snap === snap)
    .map(({ name, active, enabled }) => ({ name, active: active ?? false, enabled: enabled ?? false }));
}

interface ServiceAnswer {
  readonly snap: string;
  readonly name: string;
  readonly active?: boolean;
  readonly enabled?: boolean;
}

function asking(call: SnapdCall): {
  readonly deadline: Deadline;
  readonly connectMs: number;
  readonly repeatable: boolean;
} {
  return { deadline: deadlineAfter(call, ASK_MS), connectMs: ASK_CONNECT_MS, repeatable: true };
}

/** What is there already, or gone already, is what was wanted. */
async function doneWhen(kind: string, changing: Promise<void>): Promise<void> {
  await missing([kind], () => changing);
}

async function missing<T>(kinds: readonly string[], asked: () => Promise<T>): Promise<T | undefined> {
  try {
    return await asked();
  } catch (error) {
    if (error instanceof SnapdError && kinds.includes(error.kind)) return undefined;
    throw error;
  }
}
