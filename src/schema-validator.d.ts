/**
 * A JSON Schema, compiled ahead of time by ajv (scripts/schema-validators.ts), is imported as a function:
 * `import { validate } from './answer.schema.json?validator'`. It gives the problems of a value, none when it fits.
 */
declare module '*.schema.json?validator' {
  export interface SchemaProblem {
    /** Where, as a JSON pointer; empty for the value itself. */
    readonly path: string;
    /** What is wrong, and what would be right. Never contains the value. */
    readonly message: string;
  }
  export function validate(value: unknown): readonly SchemaProblem[];
}
