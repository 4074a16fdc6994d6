/** Kubeconfigs as k8sd writes them: one cluster, one user, one context, everything embedded. */

import { parse, stringify } from 'yaml';
import { at } from '../json.ts';

export interface Kubeconfig {
  readonly server: string;
  readonly authority: string;
  /** Name that the server's certificate is to have, where it is not the server's address. */
  readonly serverName?: string;
  readonly certificate: string;
  readonly key: string;
}

export function writeKubeconfig(config: Kubeconfig): string {
  return stringify(
    {
      apiVersion: 'v1',
      clusters: [
        {
          cluster: {
            'certificate-authority-data': encode(config.authority),
            server: config.server,
            ...(config.serverName === undefined ? {} : { 'tls-server-name': config.serverName }),
          },
          name: 'k8s',
        },
      ],
      contexts: [{ context: { cluster: 'k8s', user: 'k8s-user' }, name: 'k8s' }],
      'current-context': 'k8s',
      kind: 'Config',
      preferences: {},
      users: [
        {
          name: 'k8s-user',
          user: { 'client-certificate-data': encode(config.certificate), 'client-key-data': encode(config.key) },
        },
      ],
    },
    { lineWidth: 0 },
  );
}

/** Throws when it is no kubeconfig of this shape. */
export function readKubeconfig(text: string): Kubeconfig {
  const config: unknown = parse(text);
  const cluster = first(at(config, 'clusters'));
  const user = first(at(config, 'users'));
  return {
    server: textOf(at(cluster, 'cluster', 'server'), 'server'),
    authority: decode(textOf(at(cluster, 'cluster', 'certificate-authority-data'), 'certificate-authority-data')),
    certificate: decode(textOf(at(user, 'user', 'client-certificate-data'), 'client-certificate-data')),
    key: decode(textOf(at(user, 'user', 'client-key-data'), 'client-key-data')),
  };
}

function first(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}

function textOf(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Error(`kubeconfig has no ${what}`);
  return value;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8');
}
