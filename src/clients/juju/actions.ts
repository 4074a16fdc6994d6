/** What a running action reads and tells. */

import { resultArguments } from './action-results.ts';
import { objectFrom } from './answer-shapes.ts';
import { joinedForArguments, shortened } from './argument-text.ts';
import type { Event } from './event.ts';
import type { HookTools } from './hook-tools.ts';
import type { Actions, Log } from './juju.ts';

/** Bytes of all arguments of one call; Linux takes 2 MiB together with the environment. */
const LARGEST_CALL = 1024 * 1024;

const LONGEST_FAILURE = 16 * 1024;

export function createActions(tools: HookTools, event: Event, log: Log): Actions {
  let failure: string | undefined;

  const duringAction = (): void => {
    if (event.kind !== 'action') throw new Error(`no action is running: this dispatch is about ${event.kind}`);
  };

  return {
    async parameters() {
      duringAction();
      return tools.ask('action-get', [], objectFrom('action-get'));
    },

    async log(message) {
      duringAction();
      for (const text of joinedForArguments([message])) await tools.run('action-log', ['--', text]);
    },

    async setResults(results) {
      duringAction();
      for (const batch of batches(resultArguments(results))) await tools.run('action-set', ['--', ...batch]);
    },

    async fail(message) {
      duringAction();
      // The first cause is what the caller wants to read; Juju would show the last.
      if (failure !== undefined) {
        log.warning(`the action failed again: ${message}`);
        return;
      }
      failure = message;
      await tools.run('action-fail', ['--', shortened(message, LONGEST_FAILURE)]);
    },
  };
}

function batches(args: readonly string[]): readonly (readonly string[])[] {
  const all: string[][] = [];
  let size = 0;
  for (const arg of args) {
    const argSize = Buffer.byteLength(arg);
    const last = all.at(-1);
    if (last === undefined || size + argSize > LARGEST_CALL) {
      all.push([arg]);
      size = argSize;
    } else {
      last.push(arg);
      size += argSize;
    }
  }
  return all;
}
