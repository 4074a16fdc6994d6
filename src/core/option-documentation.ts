/** What is said of options to operators. It stands beside the declarations and not in them: no dispatch has to load it. */

import type { OptionSet } from './options.ts';
import type { Role } from './role.ts';

/** Sentences; line breaks and indentation mean nothing. Of an option that means something else on each of the charms, for each. */
type Documentation = string | Readonly<Record<Role, string>>;

/** An option without a text does not compile, nor a text without an option. */
export type DocumentationOf<Declared extends OptionSet> = { readonly [Name in keyof Declared]: Documentation };
