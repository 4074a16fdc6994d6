/** A text that is cut where it is too long: between two words, with a mark that says so. */

/** @param longest characters, the mark included. */
export function shorten(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest - 1);
  const blank = cut.lastIndexOf(' ');
  // A single word that fills most of it has no better place.
  const end = blank > longest / 2 ? blank : cut.length;
  return `${cut.slice(0, end).replace(/[\s,;:(]+$/, '')}…`;
}
