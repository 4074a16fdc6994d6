/** Processes of the machine, as the kernel shows them. */
import { readFile } from 'node:fs/promises';

/** The words that a process was started with; undefined when there is none of that number. */
export async function commandLine(real: (path: string) => string, pid: number): Promise<readonly string[] | undefined> {
  try {
    const text = await readFile(real(`/proc/${pid}/cmdline`), 'utf8');
    return text === '' ? undefined : text.replace(/\0$/, '').split('\0');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
