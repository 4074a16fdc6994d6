/** Packs tiny charms for the model's own tests: a shell script as `dispatch`, and whatever metadata the test is about. */

import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { stringify } from 'yaml';
import { ZipFile } from 'yazl';
import { type BareMachines, openBareMachines } from './bare-machines.ts';
import { Model, type ModelOptions } from './model.ts';

export interface TinyCharm {
  readonly name?: string;
  /** Merged into metadata.yaml. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly actions?: Readonly<Record<string, unknown>>;
  /** Body of `dispatch`, below `#!/bin/sh`. */
  readonly dispatch?: string;
  /** More members: content, and mode (default 0644). Undefined leaves one of the usual members out. */
  readonly files?: Readonly<Record<string, string | { readonly content: string; readonly mode: number } | undefined>>;
}

/** Writes the archive and gives its path. */
export async function packTinyCharm(directory: string, charm: TinyCharm, fileName = 'tiny.charm'): Promise<string> {
  const name = charm.name ?? 'tiny';
  const members: Record<string, string | { content: string; mode: number } | undefined> = {
    'metadata.yaml': stringify({ name, summary: 'A charm', description: 'For a test', ...charm.metadata }),
    'manifest.yaml': stringify({ bases: [{ name: 'ubuntu', channel: '24.04', architectures: ['amd64'] }] }).replace(
      /channel: .*/,
      'channel: "24.04"',
    ),
    dispatch: { content: `#!/bin/sh\n${charm.dispatch ?? ''}\n`, mode: 0o755 },
    ...(charm.config ? { 'config.yaml': stringify({ options: charm.config }) } : {}),
    ...(charm.actions ? { 'actions.yaml': stringify(charm.actions) } : {}),
    ...charm.files,
  };
  const zip = new ZipFile();
  for (const [path, member] of Object.entries(members)) {
    if (member === undefined) continue;
    const { content, mode } = typeof member === 'string' ? { content: member, mode: 0o644 } : member;
    zip.addBuffer(Buffer.from(content), path, { mode: mode > 0o7777 ? mode : 0o100000 | mode });
  }
  zip.end();
  const file = join(directory, fileName);
  await finished(zip.outputStream.pipe(createWriteStream(file)));
  return file;
}

export interface TestBench {
  readonly directory: string;
  readonly model: Model;
  readonly machines: BareMachines;
  pack(charm: TinyCharm, fileName?: string): Promise<string>;
  /** Packs, deploys and settles. */
  deploy(
    charm: TinyCharm,
    options?: { application?: string; units?: number; config?: Record<string, string> },
  ): Promise<void>;
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** A model with bare machines in a folder of its own. */
export async function newTestBench(options: Partial<ModelOptions> = {}): Promise<TestBench> {
  const directory = await mkdtemp(join(tmpdir(), 'jm-'));
  const machines = openBareMachines({ directory: join(directory, 'machines') });
  const model = await Model.create({
    directory: join(directory, 'model'),
    provider: machines,
    retry: { initialMs: 10, maximumMs: 40, attempts: 3 },
    ...options,
  });
  const settle = (): Promise<void> => model.settle({ timeoutMs: 120_000 });
  return {
    directory,
    model,
    machines,
    pack: (charm, fileName) => packTinyCharm(directory, charm, fileName),
    async deploy(charm, { application = charm.name ?? 'tiny', ...rest } = {}) {
      await model.deploy(await packTinyCharm(directory, charm, `${application}.charm`), { application, ...rest });
      await settle();
    },
    settle,
    async close() {
      await model.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Events of a unit in the order in which they ended: `install`, `db-relation-changed`. */
export function events(model: Model, unit: string): readonly string[] {
  return model.dispatches
    .filter((dispatch) => dispatch.unit === unit)
    .map(({ event }) => event.replace(/^hooks\//, ''));
}
