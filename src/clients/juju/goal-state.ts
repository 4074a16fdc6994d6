/** Which units of our application are planned to exist, whether or not we have met them yet. */

import { isJsonObject, objectFrom, unexpected } from './answer-shapes.ts';
import type { Check, HookTools } from './hook-tools.ts';

/** Status word of each unit by its name, ours included. */
export function readGoalUnits(tools: HookTools): Promise<Readonly<Record<string, string>>> {
  return tools.ask('goal-state', [], unitsFrom);
}

const unitsFrom: Check<Readonly<Record<string, string>>> = (answer) => {
  const units = objectFrom('goal-state')(objectFrom('goal-state')(answer)['units'] ?? null);
  return Object.fromEntries(Object.entries(units).map(([unit, goal]) => [unit, statusOf(goal)]));
};

function statusOf(goal: unknown): string {
  if (isJsonObject(goal) && typeof goal['status'] === 'string') return goal['status'];
  throw unexpected('goal-state', 'a status for each unit');
}
