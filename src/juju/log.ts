/**
 * The unit's log. A call of `juju-log` costs tens of milliseconds, so lines are collected: consecutive ones of one level are
 * one call. A warning or an error goes out at once, with what was said before it, in case the dispatch does not live to its end.
 */

import { joinedForArguments } from './argument-text.ts';
import type { HookTools } from './hook-tools.ts';
import type { Log, LogLevel } from './juju.ts';

export interface CollectedLog extends Log {
  /** Resolves when every line was sent. Never rejects: lines that Juju does not take go to stderr, which it logs as well. */
  flush(): Promise<void>;
}

interface Group {
  readonly level: LogLevel;
  readonly lines: string[];
}

export function createLog(tools: HookTools): CollectedLog {
  let groups: Group[] = [];
  let sending: Promise<void> = Promise.resolve();

  const collect = (level: LogLevel, message: string): void => {
    if (message === '') return;
    const last = groups.at(-1);
    if (last?.level === level) last.lines.push(message);
    else groups.push({ level, lines: [message] });
  };

  const send = (): Promise<void> => {
    const ready = groups;
    groups = [];
    sending = sending.then(async () => {
      for (const group of ready) await sendGroup(tools, group);
    });
    return sending;
  };

  return {
    debug: (message) => collect('DEBUG', message),
    info: (message) => collect('INFO', message),
    warning(message) {
      collect('WARNING', message);
      void send();
    },
    error(message) {
      collect('ERROR', message);
      void send();
    },
    flush: send,
  };
}

async function sendGroup(tools: HookTools, group: Group): Promise<void> {
  for (const text of joinedForArguments(group.lines)) {
    try {
      await tools.run('juju-log', ['-l', group.level, '--', text]);
    } catch {
      process.stderr.write(`${group.level} ${text}\n`);
    }
  }
}
