/** Unit and application status; both are set at once, whatever becomes of the hook. */

import { isLeader } from '../controller.ts';
import type { HookContext } from '../hook-context.ts';
import { type ApplicationState, type StatusState, statusNow } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const WORDS = ['maintenance', 'blocked', 'waiting', 'active'];

const statusSet: HookTool = {
  usage: '[options] <maintenance | blocked | waiting | active> [message]',
  flags: { application: 'boolean' },
  run({ flags }, context) {
    const [word, message = ''] = flags.positionals;
    if (word === undefined) throw misuse('invalid args, require <status> [message]');
    if (!WORDS.includes(word))
      throw misuse(`invalid status ${JSON.stringify(word)}, expected one of [${WORDS.join(' ')}]`);
    refuseMore(flags.positionals, 2);
    if (flags.boolean('application')) {
      leadersApplication(context, 'this unit is not the leader').status = statusNow(word, message);
    } else {
      context.unit.workload = statusNow(word, message);
      context.statusSet = true;
    }
    context.controller.changed();
    return undefined;
  },
};

const statusGet: HookTool = {
  usage: '[options]',
  flags: { 'include-data': 'boolean', application: 'boolean' },
  format: 'smart',
  run({ flags }, context) {
    refuseMore(flags.positionals, 0);
    const full = flags.boolean('include-data');
    if (!flags.boolean('application')) {
      const { workload } = context.unit;
      return { value: full ? details(workload) : { status: workload.status } };
    }
    const application = leadersApplication(context, 'finding application status: this unit is not the leader');
    const units = Object.values(context.controller.state.units).filter((unit) => unit.application === application.name);
    const own = application.status ?? statusNow('unknown');
    return {
      value: {
        'application-status': {
          ...(full ? details(own) : { status: own.status }),
          units: Object.fromEntries(
            units.map(({ name, workload }) => [name, full ? details(workload) : { status: workload.status }]),
          ),
        },
      },
    };
  },
};

function details({ status, message, data }: StatusState): Record<string, unknown> {
  return { message, status, 'status-data': data ?? {} };
}

function leadersApplication(context: HookContext, otherwise: string): ApplicationState {
  const application = context.controller.state.applications[context.unit.application];
  if (!application || !isLeader(context.controller.state, context.unit)) throw refusal(otherwise);
  return application;
}

export const STATUS_TOOLS: Readonly<Record<string, HookTool>> = { 'status-set': statusSet, 'status-get': statusGet };
