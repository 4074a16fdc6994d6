/**
 * A unit agent in memory, for what needs many units or many dispatches: databags, state and statuses with Juju's own rules of
 * what is committed when a hook ends well, and lost when it does not. Everything else is tested with real executables.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Juju } from '../../../src/clients/juju/juju.ts';
import { openJuju } from '../../../src/clients/juju/open-juju.ts';
import type { HookToolAnswer } from '../../../src/clients/juju/transport.ts';
import { readSettingsYaml } from '../../standins/juju/hook-tools/yaml-input.ts';
import { hookEnvironment } from './hook-environment.ts';

export type Settings = Record<string, string>;

export interface Relation {
  /** Remote units as `relation-list` gives them. */
  listed: string[];
  readonly units: Map<string, Settings>;
  readonly applications: Map<string, Settings>;
}

export interface AgentCall {
  readonly tool: string;
  readonly args: readonly string[];
}

export interface Agent {
  readonly unit: string;
  leader: boolean;
  readonly relations: Map<string, Relation>;
  readonly state: Map<string, string>;
  /** Status words and messages as they were set, one after the other. */
  readonly statuses: string[];
  /** Makes a tool fail with Juju's text, or not at all. */
  readonly refusals: Map<string, string>;
  relate(relation: string): Relation;
  /**
   * Runs a dispatch: `body`, then `flush`. When one of them throws, what Juju defers is lost, and the error is given back.
   * An action ends with 0 whatever happens, so that what was sent is kept.
   */
  dispatch(variables: NodeJS.ProcessEnv, body: (juju: Juju) => Promise<void>): Promise<Dispatched>;
  remove(): void;
}

export interface Dispatched {
  readonly calls: readonly AgentCall[];
  readonly error?: unknown;
}

export function startAgent(unit = 'k8s/0'): Agent {
  const charmDirectory = mkdtempSync(join(tmpdir(), 'agent-'));
  const environment = { ...hookEnvironment(charmDirectory), JUJU_UNIT_NAME: unit };
  const agent: Agent = {
    unit,
    leader: true,
    relations: new Map(),
    state: new Map(),
    statuses: [],
    refusals: new Map(),

    relate(relation) {
      const created: Relation = { listed: [], units: new Map([[unit, {}]]), applications: new Map() };
      agent.relations.set(relation, created);
      return created;
    },

    async dispatch(variables, body) {
      const env = { ...environment, ...variables };
      const before = structuredClone({ relations: agent.relations, state: agent.state });
      const calls: AgentCall[] = [];
      const juju = openJuju(env, {
        async call(tool, args, stdin) {
          calls.push({ tool, args });
          return answer(agent, env, tool, args, stdin);
        },
      });
      try {
        await body(juju);
        await juju.flush();
        return { calls };
      } catch (error) {
        if (juju.event.kind !== 'action') {
          restore(agent.relations, before.relations);
          restore(agent.state, before.state);
        }
        return { calls, error };
      }
    },

    remove() {
      rmSync(charmDirectory, { recursive: true, force: true });
    },
  };
  return agent;
}

function restore<K, V>(map: Map<K, V>, before: ReadonlyMap<K, V>): void {
  map.clear();
  for (const [key, value] of before) map.set(key, value);
}

function answer(
  agent: Agent,
  env: NodeJS.ProcessEnv,
  tool: string,
  args: readonly string[],
  stdin = '',
): HookToolAnswer {
  const refusal = agent.refusals.get(tool);
  if (refusal !== undefined) return refused(refusal);
  const json = (value: unknown): HookToolAnswer => ({ code: 0, stdout: `${JSON.stringify(value)}\n`, stderr: '' });
  const done: HookToolAnswer = { code: 0, stdout: '', stderr: '' };
  const plain = args.filter((arg) => arg !== '--format=json');
  switch (tool) {
    case 'is-leader':
      return json(agent.leader);
    case 'state-get':
      return json(agent.state.size === 0 ? null : Object.fromEntries(agent.state));
    case 'state-set':
      for (const [key, value] of Object.entries(readSettingsYaml(stdin))) agent.state.set(key, value);
      return done;
    case 'state-delete':
      agent.state.delete(plain[1] ?? '');
      return done;
    case 'status-set':
      agent.statuses.push(plain.join(' '));
      return done;
    case 'relation-ids': {
      const broken = env['JUJU_DISPATCH_PATH']?.endsWith('-relation-broken') ? env['JUJU_RELATION_ID'] : undefined;
      return json([...agent.relations.keys()].filter((id) => id.startsWith(`${plain[0]}:`) && id !== broken).sort());
    }
    case 'relation-list':
      return json(relationList(agent.relations.get(plain[1] ?? ''), plain.includes('--app')));
    case 'relation-get':
      return relationGet(agent, plain);
    case 'relation-set':
      return relationSet(agent, plain, readSettingsYaml(stdin));
    case 'juju-log':
      return done;
    default:
      throw new Error(`this agent does not know ${tool}`);
  }
}

/** Remote units; or the remote application, which is where they come from. */
function relationList(relation: Relation | undefined, application: boolean): readonly string[] | string {
  const listed = relation?.listed ?? [];
  return application ? (listed[0]?.split('/')[0] ?? '') : listed;
}

function relationGet(agent: Agent, args: readonly string[]): HookToolAnswer {
  const relation = agent.relations.get(args[1] ?? '');
  const owner = args.at(-1) ?? '';
  const bag = args.includes('--app') ? (relation?.applications.get(owner) ?? {}) : relation?.units.get(owner);
  if (bag === undefined)
    return refused(`cannot read settings for unit "${owner}" in relation: unit "${owner}": settings not found`);
  return { code: 0, stdout: JSON.stringify(bag), stderr: '' };
}

function relationSet(agent: Agent, args: readonly string[], settings: Settings): HookToolAnswer {
  const forApplication = args.includes('--app');
  if (forApplication && !agent.leader) return refused('cannot write relation settings');
  const relation = agent.relations.get(args[1] ?? '');
  const bags = forApplication ? relation?.applications : relation?.units;
  const owner = forApplication ? agent.unit.slice(0, agent.unit.lastIndexOf('/')) : agent.unit;
  const merged = { ...bags?.get(owner), ...settings };
  bags?.set(owner, Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== '')));
  return { code: 0, stdout: '', stderr: '' };
}

function refused(message: string): HookToolAnswer {
  return { code: 1, stdout: '', stderr: `ERROR ${message}\n` };
}
