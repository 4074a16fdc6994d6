/** A root for the host door, gone after the test. Its path is short: a Unix socket below it may have 107 bytes in all. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

export async function temporaryRoot(folders: readonly string[] = []): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'h-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const folder of folders) await mkdir(join(root, folder), { recursive: true });
  return root;
}
