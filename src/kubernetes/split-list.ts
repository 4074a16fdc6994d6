/**
 * Takes a list apart while it comes in: the text of each item as soon as it is whole, and at the end the list without its items. So that
 * of a page of five hundred pods there is never more in memory than one pod.
 */

export interface ListSplitter {
  /** Takes the next piece of the text. */
  push(piece: string): void;
  /** The list with an empty `items`, for whoever reads JSON: what is no list, or not whole, is no JSON here either. */
  end(): string;
}

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const OPEN_LIST = 91;
const CLOSE_LIST = 93;
const OPEN_MAP = 123;
const CLOSE_MAP = 125;
const ITEMS = '"items":';

/** @param take is given an item, and what of the list came before its items. */
export function listSplitter(take: (item: string, head: string) => void): ListSplitter {
  /** What is not of an item. */
  let rest = '';
  /** From where the item begins that is looked at, or the list while no item is. */
  let text = '';
  /** Up to where it has been looked at. */
  let at = 0;
  let depth = 0;
  let inString = false;
  let where: 'before' | 'within' | 'behind' = 'before';
  let malformed = false;

  function step(): void {
    const code = text.charCodeAt(at);
    at += 1;
    if (where === 'within' && depth === 0) between(code);
    else if (code === QUOTE) inString = true;
    else if (code === OPEN_MAP || code === OPEN_LIST) open(code);
    else if (code === CLOSE_MAP || code === CLOSE_LIST) close();
  }

  /** What stands between items; an item is nothing but a map. */
  function between(code: number): void {
    if (code === OPEN_MAP) depth = 1;
    else if (code === COMMA || code <= 32) forget();
    else {
      malformed = code !== CLOSE_LIST;
      where = 'behind';
      rest += text.slice(0, at);
      forget();
    }
  }

  function leaveString(): void {
    const end = text.indexOf('"', at);
    at = end === -1 ? text.length : end + 1;
    if (end === -1) return;
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
    inString = escapes % 2 === 1;
  }

  function open(code: number): void {
    if (where === 'before' && depth === 1 && code === OPEN_LIST && isItems()) {
      rest = text.slice(0, at);
      forget();
      where = 'within';
      depth = 0;
    } else depth += 1;
  }

  /** Whether the list that opens here is the one of the items. */
  function isItems(): boolean {
    return text
      .slice(0, at - 1)
      .replaceAll(/\s/g, '')
      .endsWith(ITEMS);
  }

  function close(): void {
    depth -= 1;
    if (where !== 'within' || depth > 0) return;
    take(text.slice(0, at), rest);
    forget();
  }

  function forget(): void {
    text = text.slice(at);
    at = 0;
  }

  return {
    push(piece) {
      text += piece;
      while (at < text.length && where !== 'behind') {
        if (inString) leaveString();
        else step();
      }
    },
    end: () => (malformed ? '' : rest + text),
  };
}
