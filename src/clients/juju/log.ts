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
    const line = written(message);
    const last = groups.at(-1);
    if (last?.level === level) last.lines.push(line);
    else groups.push({ level, lines: [line] });
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

/** Characters of one message: a stack trace has some thousand. */
const LONGEST_MESSAGE = 16_000;

/**
 * A message may quote what another unit wrote. So that none can look like a line of its own, a line that follows the first is indented,
 * and what is not seen is written as an escape.
 */
function written(message: string): string {
  const whole = message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}… (shortened)` : message;
  return whole
    .split('\n')
    .map((line, index) => `${index === 0 ? '' : '  '}${line.replace(UNSEEN, escaped)}`)
    .join('\n');
}

/** Controls but the tab, marks that change the direction of what follows, and Unicode's own ends of lines. */
const UNSEEN = /[^\P{Cc}\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
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
