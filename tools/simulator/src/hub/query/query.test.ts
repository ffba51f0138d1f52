import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatorError } from '../../simulator-error.ts';
import { evaluate, isMatch } from './evaluate.ts';
import { parseCondition } from './parse-condition.ts';
import { parseQuery } from './parse-query.ts';

const document = {
  deviceId: 'pump-1',
  capabilities: { iotEdge: true },
  tags: { place: { site: 'north', floor: 3 }, 'odd-name': 1, list: ['a', 'b'], nothing: null, it: "it's" },
  properties: { reported: { temperature: 21.5, count: 0 } },
  configurations: { 'base-1': { status: 'Applied' } },
};

function valueOf(text: string): unknown {
  return evaluate(parseCondition(text), document);
}

function faultOf(text: string): unknown {
  try {
    parseQuery(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

function failureOf(text: string): SimulatorError {
  const fault = faultOf(text);
  if (fault instanceof SimulatorError) return fault;
  throw new TypeError(`"${text}" is a query`);
}

describe('conditions', () => {
  it.each([
    ["deviceId = 'pump-1'", true],
    ['deviceId = "pump-1"', true],
    ["DeviceId = 'pump-1'", undefined],
    ["deviceId != 'pump-2'", true],
    ["deviceId <> 'pump-1'", false],
    ['tags.place.floor >= 3 and tags.place.floor < 4', true],
    ["tags.place.floor = '3'", false],
    ["tags.place.floor < '4'", undefined],
    ["tags.place.site IN ['south', 'north']", true],
    ["tags.place.site NIN ['south', 'north']", false],
    ["tags.place.site not in ['south']", true],
    ["tags['place'].site = 'north'", true],
    ['tags.[[odd-name]] = 1', true],
    ["configurations.[[base-1]].status = 'Applied'", true],
    ["tags.it = 'it''s'", true],
    ["tags.it = 'it\\'s'", true],
    ['capabilities.iotEdge = true', true],
    ['capabilities.iotEdge', true],
    ['tags.nothing = null', true],
    ['tags.missing = null', undefined],
    ['NOT tags.missing = 1', undefined],
    ['NOT is_defined(tags.missing)', true],
    ['IS_DEFINED(tags.nothing)', true],
    ["tags.missing = 1 OR deviceId = 'pump-1'", true],
    ["tags.missing = 1 AND deviceId = 'x'", false],
    ["tags.missing = 1 OR deviceId = 'x'", undefined],
    ["STARTSWITH(deviceId, 'pump')", true],
    ["starts_with(deviceId, 'x')", false],
    ["ENDSWITH(deviceId, '-1') AND CONTAINS(deviceId, 'mp')", true],
    ["ARRAY_CONTAINS(tags.list, 'b')", true],
    ['IS_OBJECT(tags.place) AND IS_ARRAY(tags.list) AND IS_STRING(deviceId)', true],
    ['IS_NUMBER(tags.place.floor) AND IS_NULL(tags.nothing) AND IS_BOOL(capabilities.iotEdge)', true],
    ['IS_PRIMITIVE(tags.place)', false],
    ['tags.place.floor * 2 + 1 = 7 AND -tags.place.floor = -3', true],
    ['tags.place.floor % 2 = 1 AND tags.place.floor / 0 = 1', undefined],
    [
      'properties.reported.temperature > 21 AND (properties.reported.count = 1 OR NOT properties.reported.count > 0)',
      true,
    ],
    ["LOWER('AB') = 'ab' AND UPPER('ab') = 'AB' AND LENGTH('abc') = 3", true],
    ['ABS(-2) = 2 AND CEILING(1.2) = 2 AND FLOOR(1.8) = 1', true],
    ['1e2 = 100 AND .5 < 1', true],
  ])('%s is %s', (text, expected) => {
    expect(valueOf(text)).toBe(expected);
  });

  it('do not count undefined as a match', () => {
    expect(isMatch(parseCondition('tags.missing = 1'), document)).toBe(false);
    expect(isMatch(undefined, document)).toBe(true);
  });
});

describe('queries', () => {
  it('are taken apart', () => {
    const text = 'SELECT TOP 5 deviceId AS id, tags.a FROM devices.modules WHERE devices.modules.moduleId = 1';
    expect(parseQuery(text)).toMatchObject({
      top: 5,
      select: [{ alias: 'id' }, { alias: 'a' }],
      from: 'devices.modules',
      where: { kind: 'binary', left: { segments: ['moduleId'] } },
      groupBy: [],
    });
    expect(parseQuery('select count() from Devices')).toMatchObject({
      select: [{ alias: 'count', aggregate: 'COUNT' }],
    });
  });

  it.each([
    ['', 0, 'expected SELECT, found the end of the query'],
    ['SELECT * FORM devices', 9, 'expected FROM, found "FORM"'],
    ['SELECT * FROM things', 14, 'there is no collection "things"'],
    ['SELECT * FROM devices WHERE', 27, 'expected a name, a value, a function or "(", found the end of the query'],
    ["SELECT * FROM devices WHERE a = 'x", 32, "the text that begins with ' has no end"],
    ['SELECT * FROM devices WHERE a & b', 30, '"&" is not part of the language'],
    ['SELECT * FROM devices WHERE a = 1 b', 34, 'expected an operator, WHERE, GROUP BY or the end, found "b"'],
    ['SELECT * FROM devices WHERE FOO(a)', 28, 'there is no function "FOO"'],
    ['SELECT * FROM devices WHERE IS_DEFINED()', 28, 'IS_DEFINED takes 1 argument(s), not 0'],
    ['SELECT * FROM devices GROUP BY tags.a', 31, 'SELECT * cannot be grouped'],
    [
      'SELECT tags.b, COUNT() FROM devices GROUP BY tags.a',
      7,
      'the column "b" is neither in GROUP BY nor an aggregate',
    ],
    ['SELECT SUM() FROM devices', 7, 'SUM wants an expression'],
    ['SELECT TOP 0 * FROM devices', 11, 'TOP wants a whole number from 1'],
    ['SELECT * FROM devices ORDER BY deviceId', 22, 'expected an operator, WHERE, GROUP BY or the end'],
    [`SELECT * FROM devices WHERE ${'('.repeat(101)}`, 128, 'nested deeper than 100 levels'],
  ])('%j fails at %i', (text, position, reason) => {
    const failure = failureOf(text);
    expect(failure).toMatchObject({ code: 'SimulatorRequestInvalid', details: { position } });
    expect(failure.message).toContain(reason);
  });

  it('point at the place of a fault', () => {
    const failure = failureOf('SELECT *\nFROM devices\nWHERE a ==  1');
    expect(failure.details).toMatchObject({ line: 3, column: 10 });
    const lines = failure.message.split('\n');
    expect(lines[1]?.[(lines[2]?.length ?? 0) - 1]).toBe('=');
  });

  it('fail with their own error only, whatever the text', () => {
    const word = fc.constantFrom(
      ...'SELECT * FROM devices WHERE tags . a = 1 ( ) [ ] [[x]] AND OR NOT IN , COUNT GROUP BY - + \' "x" TOP AS'.split(
        ' ',
      ),
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    );
    fc.assert(
      fc.property(text, (candidate) => {
        const fault = faultOf(candidate);
        expect(fault === undefined || fault instanceof SimulatorError).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('read a long condition in no time, and refuse one that is too long', () => {
    const long = (count: number) => `SELECT * FROM devices WHERE ${Array(count).fill('a = 1').join(' OR ')}`;
    const { where } = parseQuery(long(1800));
    expect(isMatch(where, { a: 1 })).toBe(true);
    expect(isMatch(where, {})).toBe(false);
    expect(failureOf(long(2000)).message).toContain('more than 16384 characters');
  });
});
