/** Snaps: what is installed, what the store has, and the actions on one. */

import type { Answer, Exchange } from '../http/server.ts';
import { at, isObject, parseJson } from '../json.ts';
import type { NodeMachine } from '../node/machine.ts';
import type { ChangeOperation, InstalledSnap } from '../state.ts';
import { accepted, SnapdRefusal } from './answers.ts';
import { requireNoConflict, startChange } from './changes.ts';
import { parseForm } from './multipart.ts';
import { fullChannel, published } from './store.ts';

const FOREVER = '2315-06-30T00:00:00Z';
const SNAP_ID = 'sVl3dDDgyJUBLpsNBoU0QqFVJ2mMYnDV';

export function showSnap(machine: NodeMachine, name: string): unknown {
  const snap = machine.state.snapd.snap;
  if (name !== 'k8s' || snap === undefined) throw new SnapdRefusal(404, 'snap not installed', 'snap-not-found', name);
  return {
    id: snap.channel === undefined ? '' : SNAP_ID,
    title: 'k8s',
    summary: 'Canonical Kubernetes',
    'installed-size': 167_000_000,
    'install-date': snap.installedAt,
    name: 'k8s',
    developer: 'canonical',
    status: 'active',
    type: 'app',
    base: machine.minor >= 34 ? 'core22' : 'core20',
    version: snap.version,
    ...(snap.channel === undefined ? { channel: '' } : { channel: snap.channel, 'tracking-channel': snap.channel }),
    'ignore-validation': false,
    revision: snap.revision,
    confinement: 'classic',
    private: false,
    devmode: false,
    jailmode: false,
    'mounted-from': `/var/lib/snapd/snaps/k8s_${snap.revision}.snap`,
    ...(snap.heldUntil === undefined ? {} : { hold: snap.heldUntil }),
  };
}

export function findSnap(machine: NodeMachine, name: string): unknown {
  if (name !== 'k8s') throw new SnapdRefusal(404, 'snap not found', 'snap-not-found', name);
  const { storeProblem } = machine.site.faults;
  if (storeProblem !== undefined) throw new SnapdRefusal(500, storeProblem);
  const channels = machine.site.state.channels;
  const entries = Object.entries(channels).map(([channel, snap]) => [
    channel,
    {
      revision: snap.revision,
      confinement: 'classic',
      version: snap.version,
      channel,
      epoch: { read: [0], write: [0] },
      size: 167_000_000,
      'released-at': '2026-11-02T08:15:00.000000Z',
    },
  ]);
  // What is found is the snap of one channel: the stable one of the default track, or the first that there is.
  const [channel = '', first] =
    Object.entries(channels).find(([key]) => key === 'latest/stable') ?? Object.entries(channels)[0] ?? [];
  return {
    id: SNAP_ID,
    name: 'k8s',
    title: 'k8s',
    channel: channel.replace(/^latest\//, ''),
    revision: first?.revision ?? '',
    version: first?.version ?? '',
    type: 'app',
    status: 'available',
    developer: 'canonical',
    confinement: 'classic',
    channels: Object.fromEntries(entries),
    tracks: [...new Set(Object.keys(channels).map((channel) => channel.split('/')[0]))],
  };
}

const actions = new Set(['install', 'refresh', 'revert', 'hold', 'unhold', 'remove', 'enable', 'disable', 'switch']);

export function actOnSnap(machine: NodeMachine, name: string, exchange: Exchange): Answer {
  const request = decode(exchange.body);
  const action = request['action'];
  if (typeof action !== 'string' || !actions.has(action))
    throw new SnapdRefusal(400, `unknown action ${String(action ?? '')}`);
  const failure = machine.site.faults.take(machine.id, `snap ${action}`);
  if (failure?.status !== undefined) throw new SnapdRefusal(failure.status, failure.text, failure.kind, name);
  const [kind, summary, operation] = plan(machine, name, action, request);
  const change = failure === undefined ? operation : { ...operation, failure: failure.text };
  return accepted(startChange(machine, kind, summary, change));
}

function plan(
  machine: NodeMachine,
  name: string,
  action: string,
  request: Record<string, unknown>,
): readonly [string, string, ChangeOperation] {
  const present = machine.state.snapd.snap;
  if (action === 'install') {
    requireInStore(name);
    if (present !== undefined)
      throw new SnapdRefusal(400, 'snap "k8s" is already installed', 'snap-already-installed', name);
    const snap = chosen(machine, request, 'latest/stable');
    if (request['classic'] !== true) {
      throw new SnapdRefusal(400, 'snap "k8s" requires classic confinement', 'snap-needs-classic', name);
    }
    requireNoConflict(machine);
    return ['install-snap', 'Install "k8s" snap', { type: 'install', snap }];
  }
  if (name !== 'k8s' || present === undefined) {
    throw new SnapdRefusal(400, `snap ${JSON.stringify(name)} is not installed`, 'snap-not-installed', name);
  }
  switch (action) {
    case 'refresh': {
      if (present.channel === undefined && request['amend'] !== true)
        throw new SnapdRefusal(
          400,
          'local snap "k8s" is unknown to the store, use --amend to proceed anyway',
          'snap-local',
          name,
        );
      const snap = chosen(machine, request, present.channel ?? 'latest/stable');
      requireNoConflict(machine);
      if (snap.revision === present.revision && snap.channel === present.channel) {
        throw new SnapdRefusal(400, 'snap "k8s" has no updates available', 'snap-no-update-available', name);
      }
      // Another channel with the revision that is installed: nothing but the channel changes, and no service stops.
      if (snap.revision === present.revision)
        return ['switch-snap', 'Switch "k8s" snap', { type: 'switch', channel: snap.channel ?? '' }];
      return [
        'refresh-snap',
        `Refresh "k8s" snap from ${JSON.stringify(snap.channel ?? '')} channel`,
        { type: 'refresh', snap },
      ];
    }
    case 'switch': {
      const channel = request['channel'];
      if (typeof channel !== 'string' || channel === '') throw new SnapdRefusal(400, 'cannot switch "k8s": no channel');
      requireNoConflict(machine);
      return ['switch-snap', 'Switch "k8s" snap', { type: 'switch', channel: fullChannel(channel) }];
    }
    case 'revert':
      if (machine.state.snapd.previous === undefined)
        throw new SnapdRefusal(400, 'cannot revert "k8s": no revision to revert to');
      return ['revert-snap', 'Revert "k8s" snap', { type: 'revert' }];
    case 'remove':
      return ['remove-snap', 'Remove "k8s" snap', { type: 'remove' }];
    case 'hold':
      return ['hold-snap', 'Hold general refreshes for "k8s"', { type: 'hold', until: holdUntil(request) }];
    case 'unhold':
      return ['unhold-snap', 'Remove refresh hold on "k8s"', { type: 'hold', until: undefined }];
    default:
      throw new SnapdRefusal(400, `unknown action ${action}`);
  }
}

function holdUntil(request: Record<string, unknown>): string {
  const { time } = request;
  const level = request['hold-level'];
  if (level !== 'general' && level !== 'auto-refresh')
    throw new SnapdRefusal(400, 'hold action requires "hold-level" to be "auto-refresh" or "general"');
  if (time === 'forever') return FOREVER;
  if (typeof time !== 'string' || time === '')
    throw new SnapdRefusal(400, 'hold action requires a non-empty "time" value');
  if (Number.isNaN(Date.parse(time)))
    throw new SnapdRefusal(400, `hold time must be in RFC3339 format: parsing time ${JSON.stringify(time)}`);
  return time;
}

function requireInStore(name: string): void {
  if (name !== 'k8s')
    throw new SnapdRefusal(404, `cannot install ${JSON.stringify(name)}: snap not found`, 'snap-not-found', name);
}

/** What the store has for a request's channel or revision. */
function chosen(machine: NodeMachine, request: Record<string, unknown>, otherwise: string): InstalledSnap {
  const { storeProblem } = machine.site.faults;
  if (storeProblem !== undefined) throw new SnapdRefusal(500, storeProblem);
  const channels = machine.site.state.channels;
  const revision = request['revision'];
  if (typeof revision === 'string' && revision !== '') {
    const entry = Object.entries(channels).find(([, snap]) => snap.revision === revision);
    if (entry === undefined)
      throw new SnapdRefusal(404, 'no snap revision available as specified', 'snap-revision-not-available', 'k8s');
    return { ...entry[1], channel: fullChannel(String(request['channel'] ?? entry[0])), classic: true };
  }
  const channel = fullChannel(
    typeof request['channel'] === 'string' && request['channel'] !== '' ? request['channel'] : otherwise,
  );
  const snap = published(channels, channel);
  if (snap === undefined) {
    // snapd's words and value: `daemon/errors.go`, SnapRevisionNotAvailable.
    throw new SnapdRefusal(404, 'no snap revision on specified channel', 'snap-channel-not-available', {
      'snap-name': 'k8s',
      action: request['action'],
      architecture: 'amd64',
      channel,
      releases: Object.keys(channels).map((known) => ({ architecture: 'amd64', channel: known })),
    });
  }
  return { ...snap, channel, classic: true };
}

/** A local file: snapd looks at it before it starts a change, and reads its metadata within it. */
export function installFile(machine: NodeMachine, exchange: Exchange): Answer {
  const form = parseForm(exchange.headers['content-type'] ?? '', exchange.body);
  if (form === undefined) {
    const request = decode(exchange.body);
    throw new SnapdRefusal(400, `unsupported multi-snap operation ${JSON.stringify(at(request, 'action') ?? '')}`);
  }
  const file = form.files['snap'];
  if (form.fields['action'] !== 'install') throw new SnapdRefusal(400, `unknown action ${form.fields['action'] ?? ''}`);
  if (file === undefined)
    throw new SnapdRefusal(400, 'cannot find "snap" file field in provided multipart/form-data payload');
  if (form.fields['dangerous'] !== 'true') {
    throw new SnapdRefusal(400, `cannot find signatures with metadata for snap/component ${JSON.stringify(file.name)}`);
  }
  if (file.content.subarray(0, 4).toString('latin1') !== 'hsqs') {
    throw new SnapdRefusal(
      400,
      `cannot read snap file: cannot process snap or snapdir: file ${JSON.stringify(file.name)} is invalid (header [${[...file.content.subarray(0, 4)].join(' ')}])`,
    );
  }
  if (form.fields['classic'] !== 'true')
    throw new SnapdRefusal(400, 'snap "k8s" requires classic confinement', 'snap-needs-classic', 'k8s');
  const version = /^hsqs\r?\nk8s (\S+)/.exec(file.content.subarray(0, 4096).toString('utf8'))?.[1];
  requireNoConflict(machine);
  const failure = machine.site.faults.take(machine.id, 'snap install');
  if (failure?.status !== undefined) throw new SnapdRefusal(failure.status, failure.text, failure.kind, 'k8s');
  const snap: InstalledSnap = {
    version: version ?? '',
    revision: `x${machine.state.snapd.nextLocalRevision++}`,
    classic: true,
  };
  const broken = version === undefined ? 'cannot mount squashfs image: unexpected end of file' : failure?.text;
  const operation: ChangeOperation = {
    type: machine.state.snapd.snap === undefined ? 'install' : 'refresh',
    snap,
    ...(broken === undefined ? {} : { failure: broken }),
  };
  return accepted(
    startChange(machine, 'install-snap', `Install "k8s" snap from file ${JSON.stringify(file.name)}`, operation),
  );
}

export function decode(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(body.toString('utf8'));
  } catch (error) {
    throw new SnapdRefusal(400, `cannot decode request body into snap instruction: ${(error as Error).message}`);
  }
  if (!isObject(value))
    throw new SnapdRefusal(400, 'cannot decode request body into snap instruction: json: cannot unmarshal value');
  return value;
}
