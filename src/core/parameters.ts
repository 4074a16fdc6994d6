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
  if (unknown === undefined) return;
  const near = known.find((name) => isNear(unknown.toLowerCase().replaceAll('_', '-'), name));
  const hint = near === undefined ? '' : ` (did you mean ${near}?)`;
  throw new Error(`there is no parameter ${unknown.slice(0, 60)}${hint}; there are ${known.join(', ') || 'none'}`);
}

/** One letter too many, too few or another. */
export function isNear(given: string, name: string): boolean {
  const [short, long] = given.length <= name.length ? [given, name] : [name, given];
  if (long.length - short.length > 1) return false;
  const at = [...long].findIndex((letter, index) => letter !== short[index]);
  return at < 0 || long.slice(at + 1) === short.slice(long.length === short.length ? at + 1 : at);
}
