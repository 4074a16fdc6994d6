/** Shapes that several hook tools print, checked by hand: a dispatch is too short to load a validator for an object of strings. */

import { UnusableAnswer } from './errors.ts';
import type { Check } from './hook-tools.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object; `null` counts as an empty one, which is how Go prints a map without entries. */
export function objectFrom(tool: string): Check<JsonObject> {
  return (answer) => {
    if (answer === null) return {};
    if (!isJsonObject(answer)) throw unexpected(tool, 'an object');
    return answer;
  };
}

/** An object whose values are strings; `null` counts as an empty one. */
export function stringsFrom(tool: string): Check<Readonly<Record<string, string>>> {
  const object = objectFrom(tool);
  return (answer) => {
    const entries = object(answer);
    if (!isRecordOfStrings(entries)) throw unexpected(tool, 'an object of strings');
    return entries;
  };
}

export function isRecordOfStrings(value: JsonObject): value is Readonly<Record<string, string>> {
  return Object.values(value).every((entry) => typeof entry === 'string');
}

/** A list of strings; `null` counts as an empty one. */
export function listFrom(tool: string): Check<readonly string[]> {
  return (answer) => {
    if (answer === null) return [];
    if (!Array.isArray(answer) || !answer.every((entry) => typeof entry === 'string')) {
      throw unexpected(tool, 'a list of strings');
    }
    return answer;
  };
}

export function stringFrom(tool: string): Check<string> {
  return (answer) => {
    if (typeof answer !== 'string') throw unexpected(tool, 'a string');
    return answer;
  };
}

export function booleanFrom(tool: string): Check<boolean> {
  return (answer) => {
    if (typeof answer !== 'boolean') throw unexpected(tool, 'true or false');
    return answer;
  };
}

/** The error for an answer of another shape. Never contains the answer: it may be a secret. */
export function unexpected(tool: string, wanted: string): UnusableAnswer {
  return new UnusableAnswer(`${tool} did not print ${wanted}`);
}
