/** `actions.yaml`: which actions a charm has, and the JSON Schema of their parameters, which depends on the Juju line. */

import { CharmRefused } from './charm-refused.ts';
import { booleanAt, isMap, mapAt, parseYamlMap, stringAt, type YamlMap } from './charm-yaml.ts';

export interface ActionDefinition {
  readonly description: string;
  readonly parallel: boolean;
  readonly executionGroup: string;
  /** Draft 4. */
  readonly schema: YamlMap;
}

const ACTION_NAME = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;
const OWN_KEYS = ['description', 'params', 'parallel', 'execution-group', 'title'];

export function parseActions(text: string, jujuVersion: string): Readonly<Record<string, ActionDefinition>> {
  const map = parseYamlMap(text, 'actions.yaml');
  const actions: Record<string, ActionDefinition> = {};
  for (const name of Object.keys(map)) {
    if (!ACTION_NAME.test(name)) throw new CharmRefused(`bad action name ${name}`);
    if (name === 'juju' || name.startsWith('juju-'))
      throw new CharmRefused(`cannot use action name ${name}: "juju" is a reserved name`);
    actions[name] = parseAction(name, mapAt(map, name, 'actions.yaml'), jujuVersion);
  }
  return actions;
}

function parseAction(name: string, spec: YamlMap, jujuVersion: string): ActionDefinition {
  refuseReferences(spec);
  const what = `actions.yaml: ${name}`;
  const description = stringAt(spec, 'description', what) ?? 'No description';
  const extra = Object.fromEntries(Object.entries(spec).filter(([key]) => !OWN_KEYS.includes(key)));
  // Left out it means "anything goes" in 3.x and "nothing else" in 4.0.
  const additionalProperties = spec['additionalProperties'] ?? !jujuVersion.startsWith('4.');
  return {
    description,
    parallel: booleanAt(spec, 'parallel', what),
    executionGroup: stringAt(spec, 'execution-group', what) ?? '',
    schema: {
      ...extra,
      type: 'object',
      title: stringAt(spec, 'title', what) ?? name,
      description,
      properties: mapAt(spec, 'params', what),
      additionalProperties,
    },
  };
}

function refuseReferences(value: unknown): void {
  if (Array.isArray(value)) value.forEach(refuseReferences);
  if (!isMap(value)) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' || key === '$schema') {
      throw new CharmRefused(`schema key "${key}" not compatible with this version of juju`);
    }
    refuseReferences(inner);
  }
}
