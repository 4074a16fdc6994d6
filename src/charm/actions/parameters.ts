/** Action parameters, checked again: Juju 4.0 checks them only on the unit, and defaults may be absent. */

export type Parameters = Readonly<Record<string, unknown>>;

/** Text, or the fallback when it is absent or empty. @throws Error with the text for the operator. */
export function textParameter(parameters: Parameters, name: string, fallback: string): string {
  const value = parameters[name] ?? '';
  if (typeof value !== 'string') throw new Error(`${name} must be text`);
  return value.trim() === '' ? fallback : value.trim();
}

/** Names, separated by commas or blanks. */
export function listParameter(parameters: Parameters, name: string, fallback: string): readonly string[] {
  return textParameter(parameters, name, fallback)
    .split(/[\s,]+/)
    .filter((word) => word !== '');
}

export function refuseUnknown(parameters: Parameters, known: readonly string[]): void {
  const unknown = Object.keys(parameters).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`there is no parameter ${unknown}; there are ${known.join(', ') || 'none'}`);
}
