/** Markdown tables of a charm's options and actions. */

export interface Option {
  readonly type?: string;
  readonly default?: unknown;
  readonly description?: string;
}

export interface Action {
  readonly description?: string;
  readonly params?: Readonly<Record<string, Option & { readonly enum?: readonly unknown[] }>>;
  readonly required?: readonly string[];
}

/** Puts each table between `<!-- its name -->` and `<!-- end of its name -->`. Throws when a place is missing. */
export function withTables(text: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((result, [name, table]) => {
    const [start, end] = [`<!-- ${name} -->\n`, `<!-- end of ${name} -->`];
    const [from, to] = [result.indexOf(start), result.indexOf(end)];
    if (from === -1 || to < from) throw new Error(`no place for a table between ${start.trim()} and ${end}`);
    return `${result.slice(0, from + start.length)}\n${table}\n${result.slice(to)}`;
  }, text);
}

export function optionsTable(options: Readonly<Record<string, Option>>): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `\`${name}\``,
    option.type ?? 'string',
    value(option.default),
    cell(option.description),
  ]);
  return table(['Option', 'Type', 'Default', 'What it does'], rows);
}

export function actionsTable(actions: Readonly<Record<string, Action>>): string {
  const rows = Object.entries(actions).map(([name, action]) => [
    `\`${name}\``,
    parameters(action),
    cell(action.description),
  ]);
  return table(['Action', 'Parameters', 'What it does'], rows);
}

function parameters({ params = {}, required = [] }: Action): string {
  const all = Object.entries(params).map(([name, parameter]) => {
    const facts = [
      required.includes(name) ? 'required' : '',
      parameter.enum === undefined ? '' : parameter.enum.join(', '),
      parameter.default === undefined ? '' : `default ${value(parameter.default)}`,
    ].filter((fact) => fact !== '');
    return `\`${name}\`${facts.length === 0 ? '' : ` (${facts.join('; ')})`}: ${cell(parameter.description)}`;
  });
  return all.join('<br>');
}

function value(value: unknown): string {
  return value === undefined || value === '' ? '' : `\`${String(value)}\``;
}

/** On one line, and without what Markdown would take for the end of a cell or for HTML. */
export function cell(description = ''): string {
  return description.trim().replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${lines.join('\n')}\n`;
}
