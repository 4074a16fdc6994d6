/** Arguments of the secret tools: values with their suffixes, files, URIs, owners, times. */

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { PendingSecretUpdate } from '../hook-context.ts';
import type { Settings } from '../state.ts';
import { misuse, refusal } from './failure.ts';
import type { FlagTypes, ParsedFlags } from './flags.ts';
import type { ToolCall } from './tool.ts';

const KEY = /^([a-z](?:-?[a-z0-9]){2,})$/;
/** An xid: twelve bytes in base32, so that the last of its characters holds one bit. */
const ID = /^[0-9a-v]{19}[0g]$/;
const POLICIES = ['never', 'hourly', 'daily', 'weekly', 'monthly', 'quarterly', 'yearly'];
/** In base64, for one value and for all of them. */
const LARGEST = 1_000_000;

export const CONTENT_FLAGS: FlagTypes = {
  expire: 'text',
  rotate: 'text',
  description: 'text',
  label: 'text',
  owner: 'text',
  file: 'text',
};

/** Bare id of `secret:<id>`, `<id>` or `secret://<model>/<id>`. */
export function parseSecretUri(text: string): string {
  const id = text.replace(/^secret:(\/\/[0-9a-f-]+\/)?/, '');
  if (!ID.test(id)) throw misuse(`secret URI ${JSON.stringify(text)} not valid`);
  return id;
}

/** Values in base64, by key; undefined when neither arguments nor a file are given. */
export function readContent(call: ToolCall, args: readonly string[]): Settings | undefined {
  const file = call.flags.text('file');
  if (args.length === 0 && file === undefined) return undefined;
  const content: Settings = {};
  for (const argument of args) Object.assign(content, readArgument(argument));
  if (file !== undefined) Object.assign(content, readContentFile(file));
  checkContent(content);
  return content;
}

function readArgument(argument: string): Settings {
  const equals = argument.indexOf('=');
  if (equals <= 0 || equals === argument.length - 1) throw misuse(`key value ${JSON.stringify(argument)} not valid`);
  const value = argument.slice(equals + 1);
  const [key = '', form] = argument.slice(0, equals).split('#');
  checkKey(key);
  if (form === undefined) return { [key]: Buffer.from(value, 'utf8').toString('base64') };
  if (form === 'base64') return { [key]: value };
  if (form !== 'file') throw misuse(`key ${JSON.stringify(argument.slice(0, equals))} not valid`);
  if (!value.startsWith('/'))
    throw misuse(`reading content for secret key ${JSON.stringify(key)}: path ${JSON.stringify(value)} not valid`);
  return { [key]: readSecretFile(value).toString('base64') };
}

function readContentFile(path: string): Settings {
  const text = readSecretFile(path).toString('utf8');
  const values = parseJsonOrYaml(text);
  const content: Settings = {};
  for (const [key, value] of Object.entries(values)) {
    checkKey(key.replace(/#base64$/, ''));
    if (typeof value !== 'string') throw refusal(`value for key ${JSON.stringify(key)} is not a string`);
    if (key.endsWith('#base64')) content[key.slice(0, -'#base64'.length)] = value;
    else content[key] = Buffer.from(value, 'utf8').toString('base64');
  }
  return content;
}

function parseJsonOrYaml(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    try {
      value = parse(text, { version: '1.1' });
    } catch {
      throw refusal('cannot parse secret content');
    }
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw refusal('cannot parse secret content');
  return { ...value };
}

function readSecretFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    throw refusal(`open ${path}: no such file or directory`);
  }
}

function checkKey(key: string): void {
  if (!KEY.test(key)) throw misuse(`key ${JSON.stringify(key)} not valid`);
}

function checkContent(content: Settings): void {
  let total = 0;
  for (const [key, value] of Object.entries(content)) {
    if (value.length > LARGEST)
      throw misuse(`secret content for key "${key}" too large: ${value.length} bytes not valid`);
    total += value.length;
  }
  if (total > LARGEST) throw misuse(`secret content too large: ${total} bytes not valid`);
}

export function readAttributes(flags: ParsedFlags): PendingSecretUpdate {
  const rotate = flags.text('rotate');
  if (rotate !== undefined && !POLICIES.includes(rotate))
    throw misuse(`rotate policy ${JSON.stringify(rotate)} not valid`);
  const expire = flags.text('expire');
  const label = flags.text('label');
  const description = flags.text('description');
  return {
    ...(rotate === undefined ? {} : { rotate }),
    ...(expire === undefined || expire === '' ? {} : { expire: readExpire(expire) }),
    ...(label === undefined ? {} : { label }),
    ...(description === undefined ? {} : { description }),
  };
}

export function readOwner(flags: ParsedFlags): 'application' | 'unit' {
  const owner = flags.text('owner') ?? 'application';
  if (owner !== 'application' && owner !== 'unit') throw misuse(`secret owner ${JSON.stringify(owner)} not valid`);
  return owner;
}

/** RFC 3339 with or without a zone, or a Go duration from now. */
function readExpire(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  const zoned = /^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : time;
  if (!Number.isNaN(zoned)) return new Date(zoned).toISOString();
  const duration = goDurationMs(text);
  if (duration === undefined) throw misuse(`expire time or duration ${JSON.stringify(text)} not valid`);
  return new Date(Date.now() + duration).toISOString();
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

function goDurationMs(text: string): number | undefined {
  if (!/^([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '0', unit = 's'] of text.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (UNITS[unit] ?? 0);
  }
  return total;
}
