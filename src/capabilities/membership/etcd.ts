/** The datastore of the legacy etcd charm: what it publishes, checked. */

import type { Databag } from '../../clients/juju/juju.ts';

export interface EtcdAccess {
  readonly servers: readonly string[];
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** It publishes the same in each unit's databag; the first complete one is taken. */
export function readEtcd(bags: Iterable<Databag>): EtcdAccess | 'not ready' | 'not valid' {
  for (const bag of bags) {
    const { connection_string: text, client_ca: ca, client_cert: certificate, client_key: key } = bag;
    if (!text || !ca || !certificate || !key) continue;
    const servers = text.split(',');
    return servers.every(isServer) ? { servers, ca, certificate, key } : 'not valid';
  }
  return 'not ready';
}

/** The servers become an argument that a shell evaluates as root: nothing but URLs may stand there. */
function isServer(text: string): boolean {
  return /^https?:\/\/[\w.:[\]-]+\/?$/.test(text);
}
