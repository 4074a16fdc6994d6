/** Turns the errors of an ajv validator into sentences for an operator. It travels in the bundle beside the validators. */

export interface SchemaProblem {
  readonly path: string;
  readonly message: string;
}

/** What ajv reports, as far as it is used here. `params` names rules of the schema and names of members, never values. */
export interface SchemaError {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly parentSchema: { readonly mustBe?: string };
}

/**
 * Gives one problem per error, each place and message once. Where a schema says `mustBe`, those words replace what ajv would say of the
 * value, because a regular expression tells an operator nothing: `{ "pattern": "^[0-9]+d$", "mustBe": "a duration such as 30d" }`.
 */
export function schemaProblems(errors: readonly SchemaError[]): readonly SchemaProblem[] {
  const seen = new Set<string>();
  const problems: SchemaProblem[] = [];
  for (const error of errors) {
    if (errors.some((other) => other !== error && explains(other, error))) continue;
    const problem = { path: error.instancePath, message: message(error) };
    const key = JSON.stringify(problem);
    if (!seen.has(key)) problems.push(problem);
    seen.add(key);
  }
  return problems;
}

/** The branches of an alternative that says in words what it wants are noise, and so is `if` beside the branch that failed. */
function explains(other: SchemaError, error: SchemaError): boolean {
  if (error.keyword === 'if') return other.keyword !== 'if';
  const alternative = other.keyword === 'anyOf' || other.keyword === 'oneOf';
  return alternative && other.parentSchema.mustBe !== undefined && isWithin(error.instancePath, other.instancePath);
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

const aboutMembers = new Set([
  'required',
  'additionalProperties',
  'unevaluatedProperties',
  'dependentRequired',
  'dependencies',
]);

function message(error: SchemaError): string {
  const { params, parentSchema } = error;
  if (parentSchema.mustBe !== undefined && !aboutMembers.has(error.keyword)) return `must be ${parentSchema.mustBe}`;
  switch (error.keyword) {
    case 'type':
      return `must be ${alternatives(params['type'])}`;
    case 'enum':
      return `must be one of ${list(params['allowedValues'])}`;
    case 'const':
      return `must be ${JSON.stringify(params['allowedValue'])}`;
    case 'required':
      return `must have ${JSON.stringify(params['missingProperty'])}`;
    case 'additionalProperties':
      return `must not have ${JSON.stringify(params['additionalProperty'])}`;
    case 'unevaluatedProperties':
      return `must not have ${JSON.stringify(params['unevaluatedProperty'])}`;
    case 'propertyNames':
      return `must not have a member named ${JSON.stringify(params['propertyName'])}`;
    case 'false schema':
      return 'must not be there';
    default:
      return error.message ?? `does not fit (${error.keyword})`;
  }
}

function alternatives(type: unknown): string {
  return (Array.isArray(type) ? type : String(type).split(',')).join(' or ');
}

function list(values: unknown): string {
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)).join(', ') : String(values);
}
