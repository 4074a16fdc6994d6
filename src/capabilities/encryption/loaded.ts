/**
 * Whether an API server has loaded the file, from what it tells on /metrics. From Kubernetes 1.34 on it tells the digest of what it has
 * loaded. Before, it tells when it began and when it last loaded a file: what was loaded after the file was written is the file, since
 * each step is written only when the one before has been loaded.
 */

export const LOADED_METRICS = [
  'apiserver_encryption_config_controller_last_config_info',
  'apiserver_encryption_config_controller_automatic_reload_last_timestamp_seconds',
  'process_start_time_seconds',
] as const;

/** The kernel counts the start of a process from the boot, whose time it knows to the second. */
const START_PRECISION_MS = 1_000;

export interface Written {
  readonly digest: string;
  /** When the file was written. */
  readonly fileMs: number;
  /** When the arguments were written with which the API server uses it. */
  readonly argumentsMs: number;
}

/** @param lines of those metrics. */
export function hasLoaded(lines: readonly string[], { digest, fileMs, argumentsMs }: Written): boolean {
  const [info, reload, start] = LOADED_METRICS;
  const told = lines.filter((line) => line.startsWith(info));
  if (told.length > 0) return told.some((line) => line.includes(`${digest}"`) && !/ 0$/.test(line));
  const reloaded = lines.find((line) => line.startsWith(reload) && line.includes('status="success"'));
  if (secondsOf(reloaded) * 1000 > fileMs) return true;
  const started = secondsOf(lines.find((line) => line.startsWith(start))) * 1000;
  return started > Math.max(fileMs, argumentsMs) + START_PRECISION_MS;
}

function secondsOf(line: string | undefined): number {
  return Number(line?.slice(line.lastIndexOf(' ') + 1) ?? 0) || 0;
}
