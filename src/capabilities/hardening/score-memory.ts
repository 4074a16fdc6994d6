/**
 * What a node's score was and what it was found over, so that a dispatch in which nothing has changed looks at modes, arguments and
 * processes and reads neither catalogue nor YAML. It is a file beside the charm, not unit state: without it the score is counted anew.
 */

import { createHash } from 'node:crypto';
import type { Host } from '../../clients/host/host.ts';
import { readForeign } from '../../core/foreign-json.ts';
import { list, object, oneOf, type Shape, text, whole } from '../../core/shapes.ts';
import { type Control, HARDENED_SERVICES, type HardenedService } from './control.ts';
import type { NodeFacts } from './node-facts.ts';
import { argumentsPath, namedFiles, observeFiles } from './observe-node.ts';
import { readingFor } from './reading.ts';
import { readOverrides } from './unit-overrides.ts';

const FILE = '/var/lib/k8s-charm/score.json';

/** What systemd alone knows (units that were started or enabled by hand) is seen after this time. */
const HOLDS_MS = 3_600_000;

/** What is looked at again. */
interface Looked {
  readonly services: readonly HardenedService[];
  readonly pids: readonly number[];
  readonly paths: readonly string[];
  /** Files whose content counts. */
  readonly contents: readonly string[];
  readonly sysctls: readonly string[];
}

interface Note {
  readonly key: string;
  readonly until: number;
  readonly looked: Looked;
  readonly fingerprint: string;
  readonly messages: readonly string[];
}

const TEXTS = list(text(), 10_000);
const NOTE: Shape<Note> = object({
  key: text(100_000),
  until: whole(),
  looked: object({
    services: list(oneOf(HARDENED_SERVICES)),
    pids: list(whole()),
    paths: TEXTS,
    contents: TEXTS,
    sysctls: TEXTS,
  }),
  fingerprint: text(),
  messages: TEXTS,
});

/** @param key what else the score depends on: options, versions. @returns undefined when it has to be counted. */
export async function recallScore(host: Host, key: string): Promise<readonly string[] | undefined> {
  const note = parse(await host.files.read(FILE));
  if (note === undefined || note.key !== key || host.now().getTime() >= note.until) return undefined;
  return (await fingerprint(host, note.looked)) === note.fingerprint ? note.messages : undefined;
}

export async function rememberScore(
  host: Host,
  key: string,
  controls: readonly Control[],
  facts: NodeFacts,
  messages: readonly string[],
): Promise<void> {
  const { services, paths, digests, sysctls, flags } = readingFor(controls);
  const pids = services.flatMap((service) => facts.services[service].pid ?? []);
  const named = namedFiles(flags, facts.services, facts.policies);
  const contents = [...new Set([...digests, ...Object.keys(facts.policies), ...named])];
  const looked = { services, pids, paths, contents, sysctls };
  const until = host.now().getTime() + HOLDS_MS;
  const note: Note = { key, until, looked, fingerprint: await fingerprint(host, looked), messages };
  await host.files.write(FILE, JSON.stringify(note), { mode: 0o600 });
}

export async function forgetScore({ files }: Host): Promise<void> {
  if ((await files.status(FILE)) !== undefined) await files.remove(FILE);
}

async function fingerprint(host: Host, { services, pids, paths, contents, sysctls }: Looked): Promise<string> {
  const { files } = host;
  const seen = await Promise.all([
    observeFiles(host, paths).then(inOrder),
    Promise.all(services.map((service) => files.read(argumentsPath(service)))),
    Promise.all(pids.map((pid) => host.commandLine(pid))),
    Promise.all(contents.map((path) => files.status(path))),
    Promise.all(sysctls.map((key) => host.sysctl.read(key))),
    readOverrides(files, services),
  ]);
  return createHash('sha256').update(JSON.stringify(seen)).digest('base64');
}

/** A folder lists its files in an order of its own. */
function inOrder(found: NodeFacts['files']): unknown {
  return Object.entries(found).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** A note that was cut short, or that an older charm left, is none. */
function parse(written: string | undefined): Note | undefined {
  return readForeign(written, NOTE);
}
