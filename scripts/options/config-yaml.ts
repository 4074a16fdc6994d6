/** `config.yaml`, which Juju reads, from the declarations of the options. */
import { stringify } from 'yaml';
import type { DocumentedOption } from './documented.ts';

/** Columns of the repository's YAML. */
const WIDTH = 130;
const INDENT = '      ';

/** A description is a block, in which no character means anything to YAML. */
export function configYaml(options: Readonly<Record<string, DocumentedOption>>): string {
  const items = Object.entries(options).map(([name, { description, ...facts }]) => {
    const head = Object.entries(facts).map(([key, value]) => `    ${key}: ${scalar(value)}\n`);
    return `  ${name}:\n${head.join('')}    description: ${block(description)}`;
  });
  return `# Made by \`npm run docs\` from the options that src/options.ts lists. Change them there.\noptions:\n${items.join('')}`;
}

function scalar(value: unknown): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

function block(text: string): string {
  const [line = '', ...more] = wrap(text, WIDTH - INDENT.length);
  return `|\n${[line, ...more].map((one) => `${INDENT}${one}\n`).join('')}`;
}

function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
