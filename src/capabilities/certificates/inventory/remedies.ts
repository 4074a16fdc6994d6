/** What an operator does about a certificate that runs out, or has to be another one. */

import type { Role } from '../../../core/role.ts';
import { fieldOf } from '../names.ts';
import { inventoryPlaces, type Place } from './places.ts';
import type { Manager } from './record.ts';

/** @param issuable whether k8sd holds the key of its authority. */
export function howToReplace(place: Place, role: Role, manager: Manager, issuable: boolean): string {
  if (manager === 'relation') return 'the provider at the other end of its relation has to issue another one';
  if (manager === 'operator') {
    const field = fieldOf(place.name);
    return `put another one into the secret that ca-certificates names, as ${field}-crt and ${field}-key with the name of this unit before it (as in k8s-0-${field}-crt)`;
  }
  switch (place.renewal) {
    case 'refresh':
      if (!issuable)
        return `k8sd does not have the key of ${place.authority} and cannot issue another one; have the CA issue it, and put certificate and key in place`;
      return role === 'control-plane' ? `run refresh-certs certificates=${place.name} on this unit` : REFRESH_WORKER;
    case 'replace-unit':
      return 'k8sd makes it only when a node joins: add a unit, wait until it is active, then remove this one';
    case 'replace-cluster':
      return place.kind === 'authority'
        ? 'k8sd cannot replace a CA: deploy another cluster and move what runs here to it in time'
        : 'k8sd makes it only with the cluster: deploy another cluster and move what runs here to it in time';
    case 'datastore':
      return 'the datastore outside of this cluster has to issue another one';
  }
}

/** Why a refresh cannot be asked of a certificate that there is, with the way to another one; undefined: it can, or there is none. */
export function whyNotRenewable(role: Role, name: string): string | undefined {
  const place = inventoryPlaces(role).find((candidate) => candidate.name === name);
  if (place === undefined || place.renewal === 'refresh') return undefined;
  return `${name} cannot be refreshed: ${howToReplace(place, role, 'snap', false)}`;
}

/** Whether the charm or its action can have another one issued at any time. */
export function isRenewable(place: Place, manager: Manager, issuable: boolean): boolean {
  return manager !== 'snap' || place.renewal === 'datastore' || (place.renewal === 'refresh' && issuable);
}

const REFRESH_WORKER = 'run refresh-certs on this unit';

/** Of a worker whose `kubelet.conf` has ended. */
export const REPLACE_STRANGER =
  'the certificate in kubelet.conf has ended, so that the API server takes no requests of this node any more: add a unit, wait until it is active, then remove this one';
