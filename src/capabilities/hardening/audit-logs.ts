/** The audit logs of a control plane that leaves: the current one, and those that the API server has put aside. */

import { basename, dirname, extname, join, normalize } from 'node:path';
import type { Files } from '../../clients/host/host.ts';

/** @param option `audit-log-path` as Juju gives it; what is no absolute path of a file is passed over. */
export async function removeAuditLogs(files: Files, option: unknown): Promise<void> {
  if (typeof option !== 'string' || !option.startsWith('/') || normalize(option) !== option || option.endsWith('/'))
    return;
  const folder = dirname(option);
  for (const name of await files.list(folder)) {
    if (!isAuditLog(name, basename(option))) continue;
    const path = join(folder, name);
    if ((await files.status(path))?.kind === 'file') await files.remove(path);
  }
}

/** The API server puts `audit.log` aside as `audit-2026-11-23T10-00-00.000.log`, perhaps with `.gz` (gopkg.in/natefinch/lumberjack.v2). */
function isAuditLog(name: string, current: string): boolean {
  const extension = extname(current);
  const stem = current.slice(0, current.length - extension.length);
  if (name === current) return true;
  if (!name.startsWith(`${stem}-`)) return false;
  const rest = name.slice(stem.length + 1).replace(/\.gz$/, '');
  return (
    rest.endsWith(extension) &&
    /^\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}$/.test(rest.slice(0, rest.length - extension.length))
  );
}
