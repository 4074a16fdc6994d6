/** Tools that tell a charm who and what it is: config, leadership, version, planned units, resources, log, reboot. */

import { isLeader } from '../controller.ts';
import { hookName, isRelationHook } from '../hook.ts';
import type { HookContext } from '../hook-context.ts';
import { isLogLevel } from '../log.ts';
import { ownEndpoint, relationId, relationsOf, remoteApplication } from '../relations.ts';
import { downloadResource } from '../resources.ts';
import type { ConfigValue, StatusState } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import { struct } from './output.ts';
import type { HookTool } from './tool.ts';
import { refuseMore } from './tool.ts';

const configGet: HookTool = {
  usage: '[options] [<key>]',
  flags: { a: { alias: 'all' }, all: 'boolean' },
  format: 'smart',
  run({ flags }, context) {
    refuseMore(flags.positionals, 1);
    const [key] = flags.positionals;
    const all = flags.boolean('all');
    if (key !== undefined && all) throw misuse(`cannot use argument --all together with key ${JSON.stringify(key)}`);
    const config = readConfig(context);
    if (key !== undefined) return { value: config[key] ?? null };
    const entries = Object.entries(config).map(([name, value]) => [name, value ?? null] as const);
    return { value: Object.fromEntries(entries.filter(([, value]) => all || value !== null)) };
  },
};

function readConfig(context: HookContext): Readonly<Record<string, ConfigValue | undefined>> {
  if (context.config) return context.config;
  const application = context.controller.state.applications[context.unit.application];
  const { config } = context.controller.charm(context.unit.charm ?? application?.charm ?? '');
  const values = Object.entries(config).map(([name, option]) => [name, application?.config[name] ?? option.default]);
  context.config = Object.fromEntries(values);
  return context.config ?? {};
}

const isLeaderTool: HookTool = {
  usage: '[options]',
  flags: {},
  format: 'smart',
  run({ flags }, context) {
    refuseMore(flags.positionals, 0);
    return { value: isLeader(context.controller.state, context.unit) };
  },
};

const applicationVersionSet: HookTool = {
  usage: '<new-version>',
  flags: {},
  run({ flags }, { unit }) {
    const [version] = flags.positionals;
    if (version === undefined) throw misuse('no version specified');
    refuseMore(flags.positionals, 1);
    unit.workloadVersion = version;
    return undefined;
  },
};

const goalState: HookTool = {
  usage: '[options]',
  flags: {},
  format: 'yaml',
  run({ flags }, context) {
    refuseMore(flags.positionals, 0);
    const { state } = context.controller;
    const { application } = context.unit;
    const relations: Record<string, Record<string, unknown>> = {};
    for (const relation of relationsOf(state, application)) {
      const remote = remoteApplication(relation, application);
      if (remote === application) continue;
      const endpoint = ownEndpoint(relation, application).name;
      const entry = relations[endpoint] ?? {};
      relations[endpoint] = entry;
      entry[remote] = struct({ status: relation.life === 'alive' ? 'joined' : 'dying', since: goalTime(undefined) });
      for (const unit of Object.values(state.units).filter((each) => each.application === remote)) {
        entry[unit.name] = goalUnit(unit.life, unit.workload);
      }
    }
    const units = Object.values(state.units).filter((each) => each.application === application);
    return {
      value: struct({
        units: Object.fromEntries(units.map((unit) => [unit.name, goalUnit(unit.life, unit.workload)])),
        relations,
      }),
    };
  },
};

function goalUnit(life: string, workload: StatusState): { status: string; since: string } {
  return struct({ status: life === 'dying' ? 'dying' : workload.status, since: goalTime(workload) });
}

function goalTime(status: StatusState | undefined): string {
  return `${(status?.since ?? new Date().toISOString()).slice(0, 19).replace('T', ' ')}Z`;
}

const credentialGet: HookTool = {
  usage: '[options]',
  flags: {},
  format: 'smart',
  run({ flags }) {
    refuseMore(flags.positionals, 0);
    throw refusal('cannot access cloud credentials: permission denied');
  },
};

const resourceGet: HookTool = {
  usage: '<resource name>',
  flags: {},
  async run({ flags }, context) {
    const [name] = flags.positionals;
    if (name === undefined) throw misuse('missing required resource name');
    refuseMore(flags.positionals, 1);
    const path = await downloadResource(context.controller, context.unit, name);
    if (path === undefined) throw refusal(`could not download resource: ${whyMissing(context, name)}`);
    return { text: path };
  },
};

/** One that the charm declares and nobody has attached is looked for in the store, where a local charm has none. */
function whyMissing({ controller, unit }: HookContext, name: string): string {
  const declared = Object.hasOwn(controller.charm(unit.charm ?? '').resources, name);
  return declared
    ? `HTTP request failed: while getting resource from charmhub: resource ${JSON.stringify(name)} not found`
    : `resource#${unit.application}/${name} not found`;
}

const jujuLog: HookTool = {
  usage: '[options] <message>',
  flags: { l: { alias: 'log-level' }, 'log-level': 'text', debug: 'boolean', format: 'text' },
  run({ flags }, context) {
    if (flags.positionals.length === 0) throw misuse('no message specified');
    const given = (flags.text('log-level') ?? (flags.boolean('debug') ? 'DEBUG' : 'INFO')).toUpperCase();
    const { controller, unit, hook } = context;
    const logger = `unit.${unit.name}.juju-log`;
    if (!isLogLevel(given))
      controller.log(unit.name, 'WARNING', logger, `"${given}" is not a valid log level, using INFO`);
    const relation = hook && isRelationHook(hook) ? context.relations.get(hook.relation) : undefined;
    const prefix = relation ? `${relationId(relation, unit.application)}: ` : '';
    controller.log(unit.name, isLogLevel(given) ? given : 'INFO', logger, prefix + flags.positionals.join(' '));
    return undefined;
  },
};

const jujuReboot: HookTool = {
  usage: '[options]',
  flags: { now: 'boolean' },
  run({ flags }, context) {
    refuseMore(flags.positionals, 0);
    if (context.task) throw refusal('juju-reboot is not supported when running an action.');
    context.reboot = flags.boolean('now') ? 'now' : 'after';
    if (context.reboot === 'now') {
      const name = context.hook ? hookName(context.hook) : '';
      context.controller.log(
        context.unit.name,
        'INFO',
        'juju.worker.uniter.context',
        `hook "${name}" requested a reboot`,
      );
      context.kill();
    }
    return undefined;
  },
};

export const IDENTITY_TOOLS: Readonly<Record<string, HookTool>> = {
  'config-get': configGet,
  'is-leader': isLeaderTool,
  'application-version-set': applicationVersionSet,
  'goal-state': goalState,
  'credential-get': credentialGet,
  'resource-get': resourceGet,
  'juju-log': jujuLog,
  'juju-reboot': jujuReboot,
};
