/**
 * Guards that a rotation of 60,000 Secrets ends: within the heap of a packed charm, over several dispatches between which no list's token lives,
 * each Secret written once. About half a minute of processor time.
 */

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('many-secrets.ts', import.meta.url));

it('60,000 Secrets come to the next key', { timeout: 900_000 }, async () => {
  const shim = await readFile(new URL('../../../charm/dispatch', import.meta.url), 'utf8');
  const heap = /--max-old-space-size=\d+/.exec(shim)?.[0] ?? '';
  expect(heap).not.toBe('');
  const { stdout } = await promisify(execFile)(process.execPath, [heap, PROGRAM]);
  const took = JSON.parse(stdout) as Readonly<Record<string, number>>;
  console.log(`60,000 Secrets: ${stdout.trim()}`);
  expect(took).toMatchObject({ secrets: 60_000, left: 0, writes: 60_000 });
  expect(took['dispatches']).toBeGreaterThan(2);
  expect(took['dispatches']).toBeLessThan(8);
  expect(took['expired']).toBeGreaterThanOrEqual((took['dispatches'] ?? 0) - 1);
  expect(took['lists']).toBeLessThan(140);
});
