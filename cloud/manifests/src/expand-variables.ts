/** A text whose variables were filled in. */
export interface ExpandedText {
  readonly text: string;
  /** The `${NAME}` that have no value, each once, in the order of the text. */
  readonly missing: readonly string[];
}

const VARIABLE = /\$(?:(?<plain>[A-Za-z0-9_]+)|\{(?<braced>[^}]*)\})/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Fills in `${NAME}` and `$NAME` in a JSON text, as iotedgedev and the VS Code extension do: names without a value stay as
 * they are, since `$upstream`, `$edgeAgent` and the like are no variables. In braces, though, a name must have a value.
 *
 * Values are put in as they stand, so that one may hold JSON of its own outside of quotes; inside of quotes, a value that
 * would break the JSON text is escaped.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): ExpandedText {
  const missing = new Set<string>();
  const quotes = createQuoteReader(text);
  const expanded = text.replace(VARIABLE, (match, ...rest) => {
    const { plain, braced } = rest.at(-1) as { plain?: string; braced?: string };
    const offset = rest.at(-3) as number;
    const name = plain ?? braced ?? '';
    if (Object.hasOwn(variables, name)) {
      const value = variables[name] ?? '';
      return quotes.isQuoted(offset) ? inQuotes(value) : value;
    }
    if (braced !== undefined && NAME.test(braced)) missing.add(match);
    return match;
  });
  return { text: expanded, missing: [...missing] };
}

function inQuotes(value: string): string {
  try {
    JSON.parse(`"${value}"`);
    return value;
  } catch {
    return JSON.stringify(value).slice(1, -1);
  }
}

/** Tells whether an offset of a JSON text lies inside a string; offsets must be asked in rising order. */
function createQuoteReader(text: string): { isQuoted(offset: number): boolean } {
  let position = 0;
  let quoted = false;
  return {
    isQuoted(offset) {
      for (; position < offset; position += 1) {
        const character = text.charAt(position);
        if (character === '"') quoted = !quoted;
        else if (quoted && character === '\\') position += 1;
      }
      return quoted;
    },
  };
}
