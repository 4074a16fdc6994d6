/** HTML in which no text can become markup: what is put into a template is escaped, unless it is itself made by a template. */

export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** For text that is written in this repository and must stand as it is: style and script. */
  static trusted(text: string): Markup {
    return new Markup(text);
  }

  toString(): string {
    return this.#text;
  }
}

type Content = string | number | Markup | readonly Markup[] | undefined;

/** Between quotes and between tags; not for names of tags and attributes, not inside of style and script. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return Markup.trusted(parts.map((part, index) => part + written(contents[index])).join(''));
}

function written(content: Content): string {
  if (content === undefined) return '';
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'object') return content.map(String).join('');
  return escaped(String(content));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters have no meaning in HTML, and characters that turn the direction of the text could make it read otherwise. */
const UNREADABLE = /(?![\t\n\r])[\p{Cc}\p{Bidi_Control}]/gu;

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(UNREADABLE, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
