/** What a query computes with: a JSON value, or undefined for what is not there. */
export type QueryValue = unknown;

export interface QueryFunction {
  readonly minArguments: number;
  readonly maxArguments: number;
  readonly apply: (values: readonly QueryValue[]) => QueryValue;
}

/** The functions of the language by their names in upper case. Called with values of the wrong type they give undefined. */
export const queryFunctions: ReadonlyMap<string, QueryFunction> = new Map(
  Object.entries({
    IS_DEFINED: check((value) => value !== undefined),
    IS_ARRAY: check((value) => Array.isArray(value)),
    IS_BOOL: check((value) => typeof value === 'boolean'),
    IS_NULL: check((value) => value === null),
    IS_NUMBER: check((value) => typeof value === 'number'),
    IS_OBJECT: check((value) => typeof value === 'object' && value !== null && !Array.isArray(value)),
    IS_PRIMITIVE: check((value) => value === null || ['boolean', 'number', 'string'].includes(typeof value)),
    IS_STRING: check((value) => typeof value === 'string'),
    STARTSWITH: ofTexts((text, part) => text.startsWith(part)),
    STARTS_WITH: ofTexts((text, part) => text.startsWith(part)),
    ENDSWITH: ofTexts((text, part) => text.endsWith(part)),
    ENDS_WITH: ofTexts((text, part) => text.endsWith(part)),
    CONTAINS: ofTexts((text, part) => text.includes(part)),
    ARRAY_CONTAINS: {
      minArguments: 2,
      maxArguments: 2,
      apply: ([list, value]) =>
        Array.isArray(list) ? list.some((item) => JSON.stringify(item) === JSON.stringify(value)) : undefined,
    },
    LOWER: ofText((text) => text.toLowerCase()),
    UPPER: ofText((text) => text.toUpperCase()),
    LENGTH: ofText((text) => text.length),
    ABS: ofNumber(Math.abs),
    CEILING: ofNumber(Math.ceil),
    FLOOR: ofNumber(Math.floor),
  } satisfies Record<string, QueryFunction>),
);

function check(test: (value: QueryValue) => boolean): QueryFunction {
  return { minArguments: 1, maxArguments: 1, apply: ([value]) => test(value) };
}

function ofText(compute: (text: string) => QueryValue): QueryFunction {
  return {
    minArguments: 1,
    maxArguments: 1,
    apply: ([text]) => (typeof text === 'string' ? compute(text) : undefined),
  };
}

function ofTexts(compute: (text: string, part: string) => QueryValue): QueryFunction {
  return {
    minArguments: 2,
    maxArguments: 2,
    apply: ([text, part]) => (typeof text === 'string' && typeof part === 'string' ? compute(text, part) : undefined),
  };
}

function ofNumber(compute: (value: number) => number): QueryFunction {
  return {
    minArguments: 1,
    maxArguments: 1,
    apply: ([value]) => (typeof value === 'number' ? compute(value) : undefined),
  };
}
