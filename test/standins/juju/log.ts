/** The model's log, as `juju debug-log` shows it: kept in memory and appended to a file, one JSON object a line. */

import { appendFileSync, existsSync, readFileSync } from 'node:fs';

export const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogEntry {
  /** RFC 3339. */
  readonly time: string;
  /** Unit name, or `controller`. */
  readonly entity: string;
  readonly level: LogLevel;
  readonly logger: string;
  readonly message: string;
}

export interface Log {
  readonly entries: readonly LogEntry[];
  add(entry: LogEntry): void;
}

/** Opens the log that lies in this file, with what is in it already. */
export function openLog(file: string): Log {
  const entries: LogEntry[] = existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line))
    : [];
  return {
    entries,
    add(entry) {
      entries.push(entry);
      appendFileSync(file, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    },
  };
}

export function isLogLevel(word: string): word is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(word);
}

export function formatLogEntry({ time, entity, level, logger, message }: LogEntry): string {
  const name = entity === 'controller' ? 'controller-0' : `unit-${entity.replaceAll('/', '-')}`;
  return `${name}: ${time.slice(11, 19)} ${level} ${logger} ${message}`;
}
