/** Resources: files that people attach to an application, kept by revision, copied to a unit when its charm asks. */

import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Controller } from './controller.ts';
import { unitTag } from './controller.ts';
import type { ApplicationState, ResourceState, UnitState } from './state.ts';

/** Stores a file as the next revision of a resource. */
export async function storeResource(
  controller: Controller,
  application: ApplicationState,
  name: string,
  path: string,
): Promise<void> {
  const definition = controller.charm(application.charm).resources[name];
  if (!definition) throw new Error(`charm resource "${name}" not found`);
  const revision = (application.resources[name]?.revision ?? 0) + 1;
  const resource = { revision, filename: definition.filename === '' ? basename(path) : definition.filename };
  const target = storedPath(controller, application.name, name, resource);
  await mkdir(join(target, '..'), { recursive: true, mode: 0o700 });
  await copyFile(path, target);
  application.resources[name] = resource;
}

/** Absolute path of the resource on the unit's machine, or undefined when nothing was ever attached. */
export async function downloadResource(
  controller: Controller,
  unit: UnitState,
  name: string,
): Promise<string | undefined> {
  const resource = controller.state.applications[unit.application]?.resources[name];
  if (!resource) return undefined;
  const target = join(controller.directory, 'agents', unitTag(unit.name), 'resources', name, resource.filename);
  if (unit.resources[name] === resource.revision) return target;
  await mkdir(join(target, '..'), { recursive: true });
  await copyFile(storedPath(controller, unit.application, name, resource), target);
  unit.resources[name] = resource.revision;
  return target;
}

function storedPath(controller: Controller, application: string, name: string, resource: ResourceState): string {
  return join(controller.directory, 'resources', application, name, String(resource.revision), resource.filename);
}
