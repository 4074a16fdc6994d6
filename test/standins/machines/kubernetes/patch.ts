/** The three kinds of patch, and server-side apply as far as one manager goes. */

import { clone, isObject } from '../json.ts';
import { ApiError, badRequest } from './status.ts';

export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;
export type PatchType = (typeof patchTypes)[number];

export function applyPatch(type: PatchType, target: unknown, patch: unknown): unknown {
  if (type === 'application/json-patch+json') return jsonPatch(target, patch);
  if (!isObject(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal into Go value of type map[string]interface {}');
  return type === 'application/merge-patch+json' ? mergePatch(target, patch) : strategicMerge(target, patch, '');
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return clone(patch);
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete result[field];
    else result[field] = mergePatch(result[field], value);
  }
  return result;
}

/** Lists that are merged by a key instead of replaced, by field name. */
const mergeKeys: Readonly<Record<string, string>> = {
  conditions: 'type',
  addresses: 'type',
  containers: 'name',
  initContainers: 'name',
  env: 'name',
  volumes: 'name',
  ports: 'port',
  ownerReferences: 'uid',
  secrets: 'name',
  imagePullSecrets: 'name',
};

function strategicMerge(target: unknown, patch: unknown, field: string): unknown {
  if (Array.isArray(patch)) return mergeLists(Array.isArray(target) ? target : [], patch, mergeKeys[field]);
  if (!isObject(patch)) return clone(patch);
  if (patch['$patch'] === 'replace') {
    const { $patch: _directive, ...rest } = patch;
    return clone(rest);
  }
  const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith('$')) continue;
    if (value === null) delete result[name];
    else result[name] = strategicMerge(result[name], value, name);
  }
  return result;
}

function mergeLists(target: readonly unknown[], patch: readonly unknown[], key: string | undefined): unknown[] {
  if (key === undefined || !patch.every(isObject)) return clone([...patch]);
  if (patch.some((entry) => entry['$patch'] === 'replace'))
    return clone(patch.filter((entry) => entry['$patch'] === undefined));
  const result = [...target];
  for (const entry of patch) {
    const index = result.findIndex((candidate) => isObject(candidate) && candidate[key] === entry[key]);
    if (entry['$patch'] === 'delete') {
      if (index >= 0) result.splice(index, 1);
    } else if (index < 0) result.push(clone(entry));
    else result[index] = strategicMerge(result[index], entry, '');
  }
  return result;
}

/** RFC 6902. */
function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch))
    throw badRequest('error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch');
  let document: unknown = clone(target);
  for (const step of patch) {
    if (!isObject(step) || typeof step['path'] !== 'string')
      throw badRequest('error decoding patch: invalid operation');
    document = jsonPatchStep(document, step, step['path']);
  }
  return document;
}

function jsonPatchStep(document: unknown, step: Record<string, unknown>, path: string): unknown {
  switch (step['op']) {
    case 'add':
      return edit(document, path, (holder, key) => insert(holder, key, clone(step['value'])));
    case 'replace':
      lookUp(document, path);
      return edit(document, path, (holder, key) => {
        (holder as Record<string, unknown>)[key] = clone(step['value']);
      });
    case 'remove':
      lookUp(document, path);
      return edit(document, path, remove);
    case 'test':
      if (JSON.stringify(lookUp(document, path)) !== JSON.stringify(step['value']))
        throw unprocessable(`testing value ${path} failed: test failed`);
      return document;
    case 'copy':
    case 'move': {
      const from = String(step['from']);
      const value = clone(lookUp(document, from));
      const without = step['op'] === 'move' ? edit(document, from, remove) : document;
      return edit(without, path, (holder, key) => insert(holder, key, value));
    }
    default:
      throw unprocessable(`Unexpected kind: ${String(step['op'])}`);
  }
}

function steps(path: string): string[] {
  return path
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function lookUp(document: unknown, path: string): unknown {
  let here = document;
  for (const step of steps(path)) {
    if (typeof here !== 'object' || here === null || !(step in here)) {
      throw unprocessable(
        `the server rejected our request due to an error in our request: path ${path} does not exist`,
      );
    }
    here = (here as Record<string, unknown>)[step];
  }
  return here;
}

function edit(document: unknown, path: string, change: (holder: object, key: string) => void): unknown {
  const all = steps(path);
  const last = all.pop();
  if (last === undefined) throw unprocessable('the whole document cannot be replaced');
  const holder = lookUp(document, all.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''));
  if (typeof holder !== 'object' || holder === null)
    throw unprocessable(`add operation does not apply: doc is missing path: ${path}: missing value`);
  change(holder, last);
  return document;
}

function insert(holder: object, key: string, value: unknown): void {
  if (!Array.isArray(holder)) (holder as Record<string, unknown>)[key] = value;
  else if (key === '-') holder.push(value);
  else holder.splice(Number(key), 0, value);
}

function remove(holder: object, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete (holder as Record<string, unknown>)[key];
}

function unprocessable(message: string): ApiError {
  return new ApiError(422, 'Invalid', message, {});
}
