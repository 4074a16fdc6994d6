/**
 * Whether secrets stay secret: nothing that a person with `read` access to the model sees (log, statuses, databags, results of
 * actions, arguments of hook tools) may hold a private key, a token or a kubeconfig of the cluster.
 */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { isObject } from '../standins/machines/json.ts';
import type { TestCluster } from './cluster.ts';

/** What no secret looks like otherwise: an armoured private key, a kubeconfig's credentials, a join token. */
const SHAPES: readonly RegExp[] = [
  /PRIVATE KEY/,
  /client-key-data/,
  /LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0EgUFJJVkFU|BFQyBQUklWQVRF)/,
];

/** @param others secrets that only the test knows, such as a password in an option. */
export async function expectNoSecretsToldIn(cluster: TestCluster, others: readonly string[] = []): Promise<void> {
  const secrets = [...new Set([...(await secretsOnMachines(cluster)), ...secretsOfModel(cluster), ...others])];
  expect(secrets.length).toBeGreaterThan(0);
  for (const [place, text] of Object.entries(everythingTold(cluster))) {
    for (const shape of SHAPES) expect(text, `${place} holds ${shape}`).not.toMatch(shape);
    const told = secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret.slice(0, 8)}…`);
    expect(told, `secrets in ${place}`).toEqual([]);
  }
}

function everythingTold({ model }: TestCluster): Readonly<Record<string, string>> {
  const { secrets: _, applications, ...state } = model.state;
  // What an operator wrote into an option is no secret to those who read options.
  const charmed = Object.values(applications).map(({ config: __, ...application }) => application);
  return {
    'the log': model
      .log()
      .map(({ message }) => message)
      .join('\n'),
    'the state of the model': decoded(JSON.stringify({ ...state, applications: charmed })),
    'status tables': JSON.stringify(model.status()),
    'arguments of hook tools': model.dispatches.flatMap(({ calls }) => calls.flatMap(({ args }) => args)).join('\n'),
  };
}

/** JSON writes line ends and quotes its own way. */
function decoded(json: string): string {
  return json.replaceAll('\\n', '\n').replaceAll('\\"', '"');
}

/** Lines of private keys long enough to be unmistakable, and the k8sd side's tokens. */
async function secretsOnMachines({ machines }: TestCluster): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { root, id } of machines.all()) {
    for (const folder of ['etc/kubernetes', 'var/lib/k8s-charm'])
      for (const path of await filesUnder(join(root, folder))) {
        const text = await readFile(path, 'utf8');
        found.push(...keyLines(text));
        for (const match of text.matchAll(/(?:client-key-data|token): *"?([A-Za-z0-9+/=_.-]{16,})/g))
          found.push(match[1] ?? '');
      }
    const state = machines.cluster(id)?.state;
    if (state) found.push(...tokensIn([state.controlPlaneTokens, state.workerTokens, state.authTokens]));
  }
  return found;
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** The last whole line of a key: an RSA key begins with its modulus, which stands in certificates and requests, too. */
function keyLines(text: string): readonly string[] {
  return [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END/gs)].flatMap(([, body = '']) => {
    const lines = body.split(/\\n|\n/).filter((line) => line.length > 0);
    return lines.at(-2) ?? lines;
  });
}

function tokensIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(tokensIn);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    /token|secret/i.test(key) && typeof inner === 'string' && inner.length >= 16 ? [inner] : tokensIn(inner),
  );
}

/** All revisions of all Juju secrets, but for what lies beside a secret there: a token's revision number, a key's certificates. */
function secretsOfModel({ model }: TestCluster): readonly string[] {
  return model
    .secrets()
    .flatMap(({ revisions }) => Object.values(revisions))
    .flatMap(({ content }) => Object.entries(content))
    .filter(([key]) => key !== 'revision' && key !== 'received')
    .map(([, value]) => Buffer.from(value, 'base64').toString('utf8'))
    .filter((value) => !value.startsWith('-----BEGIN CERTIFICATE-----') || value.includes('PRIVATE KEY'));
}
