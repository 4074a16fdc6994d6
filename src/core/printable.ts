/** Text that somebody else wrote, fit for a line of a log, a status or a databag. */

/** Controls, what is not seen, and what ends a line: with them one line could look like two, or like another. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** One line of at most so many characters; one that is cut ends with `…`. */
export function oneLine(text: string, longest: number): string {
  // Of more than this nothing would be left, and to look through megabytes takes its time.
  const line = text
    .slice(0, longest * 4)
    .replace(INVISIBLE, ' ')
    .trim()
    .toWellFormed();
  const characters = [...line.slice(0, longest * 2)];
  return characters.length <= longest && line.length <= longest * 2
    ? line
    : `${characters.slice(0, longest - 1).join('')}…`;
}

/** As `oneLine`, in quotation marks, so that one sees where it begins and ends. */
export function quoted(text: string, longest = 80): string {
  return JSON.stringify(oneLine(text, longest));
}
