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

/**
 * Looks at each character once, in whatever pieces they come.
 * @param take is given an item, and what of the list came before its items.
 */
export function listSplitter(take: (item: string, head: string) => void): ListSplitter {
  /** What is not of an item. */
  let rest = '';
  /** What came in earlier pieces of the item that is looked at, or of the list while no item is. */
  let parts: string[] = [];
  let piece = '';
  /** Up to where the piece has been looked at, and from where on it is of what is looked at. */
  let at = 0;
  let from = 0;
  let depth = 0;
  let inString = false;
  /** The next character of a string stands behind a backslash. */
  let escaped = false;
  let where: 'before' | 'within' | 'behind' = 'before';
  let malformed = false;

  function step(): void {
    const code = piece.charCodeAt(at);
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
      rest += text();
      forget();
    }
  }

  /** To behind the quote that ends the string, or to the end of the piece. */
  function leaveString(): void {
    if (escaped) {
      escaped = false;
      at += 1;
      return;
    }
    const found = piece.indexOf('"', at);
    const end = found === -1 ? piece.length : found;
    let backslashes = 0;
    while (end - backslashes > at && piece.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    const odd = backslashes % 2 === 1;
    at = end;
    if (found === -1) escaped = odd;
    else {
      at += 1;
      inString = odd;
    }
  }

  function open(code: number): void {
    if (where === 'before' && depth === 1 && code === OPEN_LIST && isItems()) {
      rest = text();
      forget();
      where = 'within';
      depth = 0;
    } else depth += 1;
  }

  /** Whether the list that opens here is the one of the items. */
  function isItems(): boolean {
    return text().slice(0, -1).replaceAll(/\s/g, '').endsWith(ITEMS);
  }

  function close(): void {
    depth -= 1;
    if (where !== 'within' || depth > 0) return;
    take(text(), rest);
    forget();
  }

  function text(): string {
    return parts.join('') + piece.slice(from, at);
  }

  function forget(): void {
    parts = [];
    from = at;
  }

  return {
    push(next) {
      piece = next;
      at = 0;
      from = 0;
      while (at < piece.length && where !== 'behind') {
        if (inString) leaveString();
        else step();
      }
      if (from < piece.length) parts.push(piece.slice(from));
      piece = '';
    },
    end: () => (malformed ? '' : rest + parts.join('')),
  };
}
