/** Parsed YAML and JSON of other hands, read without coercion: what is not of the kind that is asked for is not there. */

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function texts(value: unknown): readonly string[] {
  return list(value).flatMap((one) => text(one) ?? []);
}

/** By a path of keys: `at(value, 'authentication', 'anonymous', 'enabled')`. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>(
    (found, key) => (isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined),
    value,
  );
}
