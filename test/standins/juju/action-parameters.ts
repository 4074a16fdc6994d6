/** Parameters of an action: defaults put in, and validation against the charm's schema in the words of Juju. */

import { Ajv, type ErrorObject } from 'ajv';
import type { ActionDefinition } from './charm-actions.ts';
import { isMap, type YamlMap } from './charm-yaml.ts';

export type Parameters = Readonly<Record<string, unknown>>;

/** Throws when they do not fit. */
export function checkParameters(action: ActionDefinition, parameters: Parameters): void {
  const ajv = new Ajv({ strict: false, allErrors: true, validateSchema: false, verbose: true, logger: false });
  const validate = ajv.compile(modernised(action.schema));
  if (validate(parameters)) return;
  throw new Error(`validation failed: ${(validate.errors ?? []).map(problem).join('\n')}`);
}

/** Defaults of the schema, nested ones too, for what is not given. */
export function withDefaults(action: ActionDefinition, parameters: Parameters): Parameters {
  return insertDefaults(action.schema, parameters);
}

function insertDefaults(schema: YamlMap, given: Parameters): Parameters {
  const result: Record<string, unknown> = { ...given };
  const properties = schema['properties'];
  for (const [name, property] of Object.entries(isMap(properties) ? properties : {})) {
    if (!isMap(property)) continue;
    const value = result[name];
    if (value === undefined && property['default'] !== undefined) result[name] = property['default'];
    else if (isMap(property['properties'])) {
      const inner = insertDefaults(property, isMap(value) ? value : {});
      if (value !== undefined || Object.keys(inner).length > 0) result[name] = inner;
    }
  }
  return result;
}

/** Draft 4, which charms use, says `exclusiveMinimum: true` beside `minimum`; ajv knows the later spelling. */
function modernised(schema: YamlMap): YamlMap {
  const entries = Object.entries(schema).map(([key, value]) => [key, modernisedValue(value)] as const);
  const result: Record<string, unknown> = Object.fromEntries(entries.filter(([key]) => key !== 'id'));
  for (const [bound, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof result[exclusive] !== 'boolean') continue;
    if (result[exclusive]) {
      result[exclusive] = result[bound];
      delete result[bound];
    } else {
      delete result[exclusive];
    }
  }
  return result;
}

function modernisedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modernisedValue);
  return isMap(value) ? modernised(value) : value;
}

function problem({ instancePath, keyword, params, message, data }: ErrorObject): string {
  const place = `(root)${instancePath.replaceAll('/', '.')}`;
  const given = `, given ${JSON.stringify(data)}`;
  if (keyword === 'additionalProperties')
    return `${place} : additional property "${params['additionalProperty']}" is not allowed${given}`;
  if (keyword === 'required')
    return `${place} : "${params['missingProperty']}" property is missing and required${given}`;
  if (keyword === 'type') return `${place} : must be of type ${params['type']}${given}`;
  if (keyword === 'enum')
    return `${place} : must match one of the enum values ${JSON.stringify(params['allowedValues'])}${given}`;
  return `${place} : ${message ?? keyword}${given}`;
}
