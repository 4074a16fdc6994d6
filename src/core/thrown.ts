/** What was thrown, in words: JavaScript lets anything be thrown. */

export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error) return thrown.message;
  return typeof thrown === 'string' ? thrown : 'something that is no error was thrown';
}
