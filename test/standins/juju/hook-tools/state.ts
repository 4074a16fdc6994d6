/** Unit state that the controller keeps, committed with the hook. */

import type { HookContext } from '../hook-context.ts';
import type { Settings } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import { readSettings } from './key-values.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const LONGEST_KEY = 256;
const LONGEST_VALUE = 64 * 1024;

function currentState(context: HookContext): Settings {
  const state = { ...context.unit.state };
  for (const [key, value] of context.pending.state) {
    if (value === undefined) delete state[key];
    else state[key] = value;
  }
  return state;
}

const stateGet: HookTool = {
  usage: '[options] [<key>]',
  flags: { strict: 'boolean' },
  format: 'smart',
  run({ flags }, context) {
    refuseMore(flags.positionals, 1);
    const [key = '-'] = flags.positionals;
    const state = currentState(context);
    if (key === '-') return { value: Object.keys(state).length === 0 ? null : state };
    const value = state[key];
    if (value === undefined && flags.boolean('strict')) throw refusal(`${JSON.stringify(key)} not found`);
    return { value: value ?? '' };
  },
};

const stateSet: HookTool = {
  usage: '[options] key=value [key=value ...]',
  flags: { file: 'text' },
  run(call, context) {
    const settings = readSettings(call, call.flags.positionals);
    for (const [key, value] of settings) {
      if (Buffer.byteLength(key) > LONGEST_KEY)
        throw refusal(`max allowed key length (${LONGEST_KEY}): quota limit exceeded`);
      if (Buffer.byteLength(value) > LONGEST_VALUE)
        throw refusal(`max allowed value length (${LONGEST_VALUE}): quota limit exceeded`);
    }
    for (const [key, value] of settings) context.pending.state.set(key, value);
    return undefined;
  },
};

const stateDelete: HookTool = {
  usage: '<key>',
  flags: {},
  run({ flags }, context) {
    const [key] = flags.positionals;
    if (key === undefined || key === '') throw misuse('missing key');
    refuseMore(flags.positionals, 1);
    context.pending.state.set(key, undefined);
    return undefined;
  },
};

export const STATE_TOOLS: Readonly<Record<string, HookTool>> = {
  'state-get': stateGet,
  'state-set': stateSet,
  'state-delete': stateDelete,
};
