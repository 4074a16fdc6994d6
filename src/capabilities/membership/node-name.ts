/** The name under which a unit's node registers. */

import type { Host } from '../../clients/host/host.ts';

/**
 * The lower-cased host name; on AWS the fully qualified one, since its cloud provider finds instances by private DNS name.
 * Equal to the host name wherever possible: kubelet then needs no override.
 */
export async function observeNodeName(host: Host): Promise<string> {
  const vendor = await host.files.read('/sys/devices/virtual/dmi/id/sys_vendor');
  return vendor?.includes('Amazon') ? await host.fullHostname() : await host.hostname();
}
