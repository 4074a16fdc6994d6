/** The channels of the `k8s` snap in the store. */

import type { PublishedSnap } from '../state.ts';

/** What the store holds when a provider is made. */
export function initialChannels(): Record<string, PublishedSnap> {
  return {
    '1.32-classic/stable': { version: '1.32.13', revision: '4310' },
    '1.33-classic/stable': { version: '1.33.11', revision: '4522' },
    '1.34-classic/stable': { version: '1.34.7', revision: '4730' },
    '1.35-classic/stable': { version: '1.35.5', revision: '4905' },
    '1.36-classic/stable': { version: '1.36.4', revision: '5106' },
    '1.36-classic/candidate': { version: '1.36.4', revision: '5106' },
    '1.36-classic/beta': { version: '1.36.4', revision: '5106' },
    '1.36-classic/edge': { version: '1.36.5', revision: '5148' },
    'latest/edge': { version: '1.36.5', revision: '5150' },
  };
}

/** `1.36-classic` and `stable` mean what snapd makes of them; a risk alone is of the track `latest`. */
export function fullChannel(channel: string): string {
  if (channel.includes('/')) return channel;
  return ['stable', 'candidate', 'beta', 'edge'].includes(channel) ? `latest/${channel}` : `${channel}/stable`;
}

/** A channel that holds nothing follows the next safer risk of its track. */
export function published(
  channels: Readonly<Record<string, PublishedSnap>>,
  channel: string,
): PublishedSnap | undefined {
  const [track, risk] = fullChannel(channel).split('/');
  const risks = ['edge', 'beta', 'candidate', 'stable'];
  const start = risks.indexOf(risk ?? '');
  if (start < 0) return undefined;
  return risks
    .slice(start)
    .map((candidate) => channels[`${track}/${candidate}`])
    .find((snap) => snap !== undefined);
}
