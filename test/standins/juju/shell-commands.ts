/**
 * Commands that a person runs on a unit's machine, as `juju exec` and `juju ssh` do. A machine is a folder here, so absolute paths of
 * what is in that folder are read as paths in it, and `sudo` does nothing.
 */

import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Absolute paths at the beginning of a word or of a quoted text, or behind `=`, `:` or a redirection. */
const ABSOLUTE = /(^|[\s'"=:<>(|;&])(\/(?:boot|etc|home|opt|proc|root|run|snap|srv|usr|var)(?:\/[^\s'"<>|;&()]*)?)/g;

/** The commands with the machine's own paths; what the folder of the machine does not have is left as it is. */
export function onMachine(commands: string, root: string): string {
  return commands.replace(ABSOLUTE, (whole, before: string, path: string) => {
    const first = `/${path.split('/')[1] ?? ''}`;
    const second = path.split('/').slice(0, 3).join('/');
    const ownFolder = existsSync(join(root, second)) || (!existsSync(second) && existsSync(join(root, first)));
    return ownFolder ? `${before}${join(root, path)}` : whole;
  });
}

/** Writes an executable script of them and gives its path. */
export async function writeCommands(file: string, commands: string, root: string): Promise<string> {
  const text = `#!/bin/bash\nsudo() { "$@"; }\nexport -f sudo\n${onMachine(commands, root)}\n`;
  await writeFile(file, text, { mode: 0o700 });
  await chmod(file, 0o700);
  return file;
}
