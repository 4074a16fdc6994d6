/** What Juju 3.6 and 4.0 demand of the YAML files of a charm, as a list of what is wrong. Rules as in github.com/juju/charm v12 and Juju 4.0's own parser. */

type Mapping = Readonly<Record<string, unknown>>;

const charmName = /^[a-z][a-z0-9]*(-[a-z0-9]*[a-z][a-z0-9]*)*$/;
const endpointName = /^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$/;
const actionName = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

export function mapping(value: unknown): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('not a mapping');
  return value as Mapping;
}

export function manifestProblems(value: unknown, architecture: string): readonly string[] {
  const bases = mapping(value)['bases'];
  if (!Array.isArray(bases) || bases.length === 0) return ['no bases, which Juju 4.0 refuses'];
  return bases.flatMap((base) => {
    const { name, channel, architectures } = mapping(base);
    return [
      ...when(name !== 'ubuntu', 'a base that is not ubuntu'),
      ...when(typeof channel !== 'string', `channel ${String(channel)} is not a string`),
      ...when(JSON.stringify(architectures) !== JSON.stringify([architecture]), 'not exactly the one architecture'),
    ];
  });
}

export function metadataProblems(value: unknown): readonly string[] {
  const metadata = mapping(value);
  const texts = ['name', 'summary', 'description'].filter((key) => typeof metadata[key] !== 'string');
  const endpoints = ['provides', 'requires', 'peers'].flatMap((role) => Object.entries(mapping(metadata[role] ?? {})));
  const resources = Object.entries(mapping(metadata['resources'] ?? {}));
  return [
    ...texts.map((key) => `${key} is not a string`),
    ...when(!charmName.test(String(metadata['name'])), 'the name is not one of a charm'),
    ...['series', 'deployment', 'min-juju-version']
      .filter((key) => key in metadata)
      .map((key) => `${key} is of the old format`),
    ...when(new Set(endpoints.map(([name]) => name)).size !== endpoints.length, 'two endpoints of the same name'),
    ...endpoints.flatMap(([name, endpoint]) => [
      ...when(!endpointName.test(name) || isReserved(name), `endpoint ${name} has no valid name`),
      ...when(typeof mapping(endpoint)['interface'] !== 'string', `endpoint ${name} has no interface`),
    ]),
    ...resources.flatMap(([name, resource]) => {
      const { type, filename } = mapping(resource);
      const named = typeof filename === 'string' && filename !== '' && !filename.includes('/');
      return when(type !== 'file' || !named, `resource ${name} is not a file with a plain name`);
    }),
  ];
}

const optionTypes: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  int: (value) => Number.isSafeInteger(value),
  float: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  secret: (value) => value === '' || String(value).startsWith('secret:'),
};

export function configProblems(value: unknown): readonly string[] {
  const options = Object.entries(mapping(mapping(value)['options']));
  return options.flatMap(([name, option]) => {
    const { type, default: initial, description } = mapping(option);
    const accepts = optionTypes[String(type)];
    return [
      ...when(typeof description !== 'string', `option ${name} has no description`),
      ...when(accepts === undefined, `option ${name} has the unknown type ${String(type)}`),
      ...when(initial !== undefined && accepts?.(initial) === false, `option ${name} has a default of another type`),
    ];
  });
}

/** `additionalProperties` is true in 3.6 and false in 4.0 when nothing is said: it has to be said. */
export function actionsProblems(value: unknown): readonly string[] {
  return Object.entries(mapping(value)).flatMap(([name, action]) => {
    const { description, params = {}, required = [], additionalProperties } = mapping(action);
    const names = Object.keys(mapping(params));
    const asked = Array.isArray(required) ? required : [required];
    return [
      ...when(!actionName.test(name) || isReserved(name), `action ${name} has no valid name`),
      ...when(typeof description !== 'string', `action ${name} has no description`),
      ...when(typeof additionalProperties !== 'boolean', `action ${name} does not say additionalProperties`),
      ...asked
        .filter((one) => !names.includes(String(one)))
        .map((one) => `action ${name} requires ${String(one)}, which it lacks`),
      ...when(/"\$(ref|schema)":/.test(JSON.stringify(action)), `action ${name} uses $ref or $schema`),
    ];
  });
}

function isReserved(name: string): boolean {
  return name === 'juju' || name.startsWith('juju-');
}

function when(condition: boolean, problem: string): readonly string[] {
  return condition ? [problem] : [];
}
