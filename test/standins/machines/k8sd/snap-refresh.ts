/** `POST snap/refresh` and `refresh-status`: snapd, asked through k8sd. */

import { SnapdRefusal } from '../snapd/answers.ts';
import { startChange } from '../snapd/changes.ts';
import { fullChannel, published } from '../snapd/store.ts';
import type { InstalledSnap } from '../state.ts';
import { decodeBody, text } from './decode.ts';
import { K8sdRefusal, type Reply } from './envelope.ts';
import type { Call } from './routes.ts';

export function refreshSnap(call: Call): Reply {
  const { machine, exchange } = call;
  const request = decodeBody(exchange.body, { fields: { channel: 'string', revision: 'string', localPath: 'string' } });
  const given = ['channel', 'revision', 'localPath'].filter((field) => text(request, field) !== '');
  if (given.length !== 1) throw new K8sdRefusal(400, 'exactly one of channel, revision or localPath must be specified');
  const snap = source(call, text(request, 'channel'), text(request, 'revision'));
  try {
    return {
      metadata: { changeId: startChange(machine, 'refresh-snap', 'Refresh "k8s" snap', { type: 'refresh', snap }) },
    };
  } catch (error) {
    if (error instanceof SnapdRefusal) throw new K8sdRefusal(500, `failed to refresh snap: ${error.message}`);
    throw error;
  }
}

function source({ machine }: Call, channel: string, revision: string): InstalledSnap {
  const { channels } = machine.site.state;
  const found =
    channel !== '' ? published(channels, channel) : Object.values(channels).find((snap) => snap.revision === revision);
  if (found === undefined) throw new K8sdRefusal(500, 'failed to refresh snap: exit status 1');
  const present = machine.state.snapd.snap?.channel;
  return {
    ...found,
    classic: true,
    ...(channel !== '' ? { channel: fullChannel(channel) } : present === undefined ? {} : { channel: present }),
  };
}

export function refreshSnapStatus({ machine, exchange }: Call): Reply {
  const id = text(decodeBody(exchange.body, { fields: { changeId: 'string' } }), 'changeId');
  const change = machine.state.snapd.changes[id];
  if (change === undefined)
    throw new K8sdRefusal(500, `failed to get snap refresh status: change ${JSON.stringify(id)} not found`);
  return {
    metadata: { status: change.status, completed: change.readyTime !== undefined, errorMessage: change.err ?? '' },
  };
}
