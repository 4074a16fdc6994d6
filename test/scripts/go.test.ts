/** Guards which Go builds the real components: a run without one is skipped with a reason, and nobody's settings change what is built. */

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findGo } from '../../scripts/real/go.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'go-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A go command that prints that. */
async function withGo(text: string): Promise<void> {
  await writeFile(join(folder, 'go'), `#!/bin/sh\n${text}\n`);
  await chmod(join(folder, 'go'), 0o755);
}

const find = (variables: Readonly<Record<string, string>> = {}) => findGo({ PATH: folder, ...variables }, []);

it('there is none: it says so, and how to get one', async () => {
  expect(await find()).toEqual({
    missing: 'there is no go command',
    remedy: expect.stringMatching(/^Install Go 1\.\d+/),
  });
});

it.each([
  ['is older', 'echo go1.22.12', /need Go 1\.\d+\.\d+, and \S+ is 1\.22\.12$/],
  ['says nothing that is a version', 'echo devel', /does not say its version$/],
  ['does not run', 'exit 3', /does not run/],
])('one that %s is none', async (_name, script, missing) => {
  await withGo(script);
  expect(await find()).toMatchObject({ missing: expect.stringMatching(missing) });
});

it('settings that change a build are not handed on, others are', async () => {
  await withGo('echo go1.99.0');
  const found = await find({
    GOFLAGS: '-mod=vendor',
    GOTOOLCHAIN: 'go1.20',
    GOOS: 'plan9',
    GOPROXY: 'off',
    GOAMD64: 'v4',
  });
  expect(found).toMatchObject({
    version: '1.99.0',
    environment: { GOFLAGS: '-mod=readonly', GOTOOLCHAIN: 'local', GOOS: 'linux', GOPROXY: 'off', CGO_ENABLED: '0' },
  });
  expect('environment' in found && found.environment).not.toHaveProperty('GOAMD64');
});
