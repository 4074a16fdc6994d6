/** Puts the hook tools where a charm's PATH finds them: one script under all their names. */

import { chmod, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HOOK_TOOLS } from './run.ts';
import { HOOK_TOOL_SCRIPT } from './shell.ts';

/** Written afresh at each start, so that a copied folder has tools of its own. */
export async function installHookTools(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const script = join(directory, '.hook-tool');
  await writeFile(script, HOOK_TOOL_SCRIPT);
  await chmod(script, 0o755);
  for (const name of Object.keys(HOOK_TOOLS)) await symlink('.hook-tool', join(directory, name));
}
