/** What XML can carry of a text: control characters and halves of characters cannot be written in it at all. */

export function legible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll('\r\n', '\n')
    .replaceAll(/(?![\t\n])\p{Cc}/gu, '\ufffd');
}
