import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors/contract-error.ts';
import { compileRoute } from './compile-route.ts';
import type { RouteTruth } from './compile-route.ts';
import type { RouteFaultCode } from './route-fault.ts';
import type { RouteMessage } from './route-message.ts';

const BODY = {
  weather: {
    temperature: 50,
    cold: -50.4,
    shadowed: 50,
    nothing: null,
    time: '2017-03-09T00:00:00.000Z',
    day: '2017-03-09',
    noDate: '2017-02-30T00:00:00Z',
    list: [20, 30, 40],
    matrix: [
      [1, 2],
      [3, 4],
    ],
    on: true,
    off: false,
    zero: 0,
    place: { street: 'One Way', city: 'Redmond', state: 'WA' },
    days: [{ month: 'Feb', temperature: 40 }],
  },
  only: { child: 7 },
};

const MESSAGE: RouteMessage = {
  source: '/messages/modules/m/outputs/o',
  body: Buffer.from(JSON.stringify(BODY)),
  properties: {
    key1: 'value1',
    key2: '3',
    key3: 'VALUE3',
    noValue: null,
    TRUE: 'yes',
    'a!': 'bang',
    'a+b': 'plus',
    "it's": 'quote',
    $sys4: 'own',
    $State: 'WA',
    '$body.weather.shadowed': '100',
  },
  systemProperties: {
    contentType: 'Application/JSON',
    contentEncoding: 'UTF-8',
    sys1: 'system1',
    sys4: 'system4',
    connectionModuleId: 'm',
    State: 'CA',
  },
};

function truth(condition: string, message: RouteMessage = MESSAGE): RouteTruth {
  return compileRoute(`FROM /messages/* WHERE ${condition} INTO $upstream`).evaluate(message);
}

function faultCode(condition: string): RouteFaultCode {
  try {
    compileRoute(`FROM /* WHERE ${condition} INTO $upstream`);
  } catch (error) {
    if (error instanceof ContractError) return error.details['code'] as RouteFaultCode;
    throw error;
  }
  throw new TypeError(`the condition compiles: ${condition}`);
}

/** Many conditions in little space: they stand one behind the other, with a tilde between. */
function rows(text: string): string[] {
  return text
    .split(/[~\n]/)
    .map((row) => row.trim())
    .filter((row) => row !== '');
}

const TRUE = rows(String.raw`
  true  ~  not false  ~  NOT NOT true  ~  not null  ~  3 = 3  ~  0100 = 100  ~  0xDEADBEEF = 3735928559
  0xFFFFFFFFFFFFFFFF = -1  ~  1.5e+1 = 15  ~  .5 = 0.5  ~  -.5 < 0  ~  10e1000 = 1 / 0  ~  'it\'s' = "it's"
  "\u00FC" = 'ü'  ~  '\\u0041' <> 'A'  ~  '' = ""  ~  3 + 4 * 5 = 23  ~  8 / 4 / 2 = 1  ~  3 - 4 - 5 = -6
  - (3 + 4) = -7  ~  1 - -2 = 3  ~  not false = true  ~  NOT (true AND false)  ~  true OR false AND false
  false = 3 < 2  ~  2 * 3 % 4 = 2  ~  'a' || 'b' = 'ab'  ~  0x10 + 1 = 17  ~  (3 % 0 ?? 12.34) = 12.34
  undefined or true  ~  true or undefined  ~  none = 'x' or true  ~  null or true  ~  (null and false) = null
  (null or null) = null  ~  is_defined(null)  ~  (undefined ?? undefined) = undefined or true  ~  key1 = 'value1'
  KEY1 = "value1"  ~  key1 <> 'x'  ~  key1 != 'x'  ~  TRUE = 'yes'  ~  a!='bang'  ~  a+b = 'plus'
  it's = 'quote'  ~  $sys1 = 'system1'  ~  $SYS1 = 'system1'  ~  {$sys1} = 'system1'  ~  { $sys4 } = 'system4'
  $sys4 = 'own'  ~  $connectionModuleId = 'm'  ~  'a' < 'b'  ~  'Z' < 'a'  ~  (key1 ?? 'x') = 'value1'
  (none ?? none ?? 'x') = 'x'  ~  (as_number(key1) ?? 1.5) = 1.5  ~  abs(-12) = 12  ~  ABS(as_number(key2)) = 3
  abs(exp(1) - 2.718281) < 1e-6  ~  power(2, 3) = 8  ~  power(1, 1 / 0) = 1  ~  square(3) = 9
  ceiling(-2.1) = -2  ~  floor(-2.1) = -3  ~  sign(-3 / 0) = -1  ~  sqrt(4) = 2  ~  as_number('3') = 3
  as_number(' -1,234.5e1 ') = -12345  ~  as_number('(5)') = -5  ~  as_number('5-') = -5
  as_number('10e1000') = 1 / 0  ~  as_number(as_number(4)) = 4  ~  is_bool(true)  ~  is_bool(1 < 2)
  is_defined(key1)  ~  is_defined(noValue)  ~  is_defined(10e1000)  ~  is_null(null)  ~  is_null(noValue)
  is_number(12.34)  ~  is_string(key1)  ~  is_string('a' || 'b')  ~  concat('a', key1, 'd') = 'avalue1d'
  concat('a', noValue, 'd') = 'ad'  ~  'a' || noValue || 'd' = 'ad'  ~  length(key3) = 6
  LOWER(key3) = 'value3'  ~  upper('straße') = 'STRAßE'  ~  lower('İI') = 'İi'  ~  upper('ıſ') = 'ıſ'
  substring('abc', 1) = 'bc'  ~  substring('abc', 3) = ''  ~  substring('abc', 1, 1) = 'b'
  substring('abc', 1.9, 1.1) = 'b'  ~  index_of('abcd', 'cd') = 2  ~  index_of('a', 'x') = -1
  starts_with(key1, 'val')  ~  ends_with(key1, 'e1')  ~  contains(key1, 'alu')  ~  contains('a', '')
  $body.weather.temperature = 50  ~  $BODY.weather.temperature >= 50  ~  50 >= $body.weather.temperature
  $body.weather.temperature = 40 + 10  ~  $body.weather.list[1] * $body.weather.list[2] = 1200
  $body.weather.list[1] / $body.weather.list[0] = 1.5  ~  $body.weather.matrix[1][0] = 3
  $body.weather.days[0].month = 'Feb'  ~  $body.weather.place.city = 'Redmond'
  $body.weather.place.state = $State  ~  $body.weather.on  ~  NOT $body.weather.off  ~  $body.weather.on AND true
  $body.weather.on AND $body.weather.on  ~  $body.weather.off OR NOT ($body.weather.off)
  $body.weather.temperature <> '50'  ~  $body.weather.temperature < 'a'  ~  $body.weather.on < 0
  'z' < $body.weather.nothing  ~  $body.weather.nothing = null  ~  $body.weather.gone = null
  $body.weather.gone <> '100'  ~  is_defined($body.weather.gone)  ~  $body.weather.temperature != null
  $body.weather.shadowed = '100'  ~  as_number($body.weather.shadowed) = 100  ~  {$body.weather.shadowed} = 50
  $body.weather.day = '2017-03-09'  ~  $body.weather.noDate = '2017-02-30T00:00:00Z'
  abs($body.weather.cold) = 50.4  ~  is_number($body.weather.zero)
  is_defined($body.weather.zero / $body.weather.zero)  ~  is_string($body.weather.place.city)
  is_bool($body.weather.on)  ~  power($body.weather.temperature, 2) = 2500
  substring($body.weather.place.street, 4, length('Way')) = 'Way'  ~  $body.only.* = 7  ~  $body.$.only.child = 7
  ($body.weather.time ?? 3) = 3  ~  as_number($body.weather.temperature) % 7 = 1
  is_null($body.weather.nothing)  ~  is_null($body.weather.temperature)  ~  NOT is_null($body.weather.gone)
`);

const FALSE = rows(String.raw`
  false  ~  null  ~  not true  ~  3 = 4  ~  true = false  ~  false and undefined  ~  undefined and false
  none = 'x' and false  ~  null and true  ~  null or false  ~  is_defined(undefined)  ~  is_defined(none)
  is_defined(3 % 0)  ~  is_defined(as_number(key1))  ~  is_defined(undefined and true)  ~  is_defined('a' || none)
  is_null(none)  ~  is_null(true)  ~  is_null('x')  ~  is_number(3 / 0)  ~  is_number('3')  ~  is_string(none)
  is_string(noValue)  ~  is_bool(none)  ~  is_bool(12)  ~  is_defined(length(noValue))  ~  is_defined(sqrt(-4))
  starts_with('abc', key1)  ~  substring('abc', 3) = 'c'  ~  $body.weather.temperature = '50'
  $body.weather.temperature < 50  ~  $body.weather.off  ~  $body.weather.on AND $body.weather.off
  is_null($body.weather.gone)  ~  is_number($body.weather.place)  ~  is_string($body.weather.time)
  $body.weather.gone = 0  ~  $body.weather.nothing <> null
`);

const UNDEFINED = rows(String.raw`
  undefined  ~  3  ~  'a string'  ~  key1  ~  as_number(key2)  ~  undefined or false  ~  undefined and true
  undefined = undefined  ~  none = 'x'  ~  none <> 'x'  ~  not (none = 'x')  ~  noValue = 'x'
  noValue <> noValue  ~  as_number(none) > 3  ~  3 <= as_number(noValue)  ~  'a' < none
  substring('abc', 4) = ''  ~  substring('abc', -1) = ''  ~  substring('abc', 3, 0) = ''
  substring('abc', 1 % 0, 1) = ''  ~  sqrt(-4) = 2  ~  index_of(none, 'x') = 0  ~  starts_with(noValue, 'x')
  $enqueuedTime = 'x'  ~  $body  ~  $body.weather.place <> null  ~  $body.weather.list = null
  $body.weather.time <> '100'  ~  $body.weather.place.city  ~  $body.weather.gone  ~  $body.weather.* = null
  $body.weather.temperature AND true  ~  $body.weather.on AND key1  ~  $body.weather.on OR null
  NOT $body.weather.temperature  ~  $body.weather.list[0]b = 20  ~  $body.weather.place.city + 1 = 1
  is_bool($body.weather.place)  ~  is_null($body.weather.place)  ~  none  ~  true AND undefined OR false
`);

const FAULTS = {
  WrongOperands: rows(String.raw`
  as_number(key2) = key1  ~  key2 = 3  ~  3 > key2  ~  key1 = true  ~  key1 = null  ~  TRUE = true  ~  3 + key2
  true + 3  ~  3 + undefined  ~  3 + null  ~  'a' + 'b'  ~  undefined % undefined  ~  'a' || 3  ~  'a' || null
  key1 and true  ~  undefined and 'x'  ~  undefined and null  ~  true OR $body.x  ~  $body.x AND null  ~  not key1
  not 3  ~  NOT undefined  ~  - (key1)  ~  - $body.x = 1  ~  $body.x % 2 = 0  ~  $body.x = undefined
  (key1 ?? 1)  ~  (key1 ?? null)  ~  key1 ?? 'x' = 'y'  ~  e5 = 5  ~  0x10000000000000000 = 1  ~  NOT 3 = 4
`),
  UnknownFunction: rows(String.raw`
  foo(1)  ~  twin_change_includes(tags.a)
`),
  WrongArguments: rows(String.raw`
  abs()  ~  abs(1, 2)  ~  abs(key1)  ~  abs(null)  ~  as_number(true)  ~  concat('a')  ~  concat('a', 3)
  length(12)  ~  substring('a')  ~  substring('a', 'b')  ~  index_of('a', null)  ~  is_defined()  ~  is_null(1, 2)
`),
  UnexpectedToken: rows(String.raw`
  a == 1  ~  a =   ~  a = 'x' b  ~  'it''s' 'x'  ~  (true  ~  true)  ~  (true))  ~  abs(1))  ~  abs(1,)
  32 = [32]  ~  from = 1  ~  true(1)  ~  {name} = 1  ~  {$name = 1  ~  a -1
`),
  InvalidSymbol: rows(String.raw`
  @32 = 32  ~  a = '3' ; 4  ~  a ? b
`),
  UnterminatedString: rows(String.raw`
  a = "x  ~  a = 'x\q'
`),
  InvalidPath: rows(String.raw`
  $body. = 1  ~  $body.a..b = 1  ~  $body.a[] = 1  ~  $body.a[x] = 1  ~  $body.a[-1] = 1  ~  $body.a.1 = 1
  $body.[0] = 1
`),
} satisfies Partial<Record<RouteFaultCode, readonly string[]>>;

describe('conditions', () => {
  it.each(TRUE)('%s is true', (condition) => {
    expect(truth(condition)).toBe(true);
  });

  it.each(FALSE)('%s is false', (condition) => {
    expect(truth(condition)).toBe(false);
  });

  it.each(UNDEFINED)('%s is Undefined', (condition) => {
    expect(truth(condition)).toBeUndefined();
  });

  const faults = Object.entries(FAULTS).flatMap(([code, rows]) => rows.map((condition) => [condition, code] as const));
  it.each(faults)('%s does not compile: %s', (condition, code) => {
    expect(faultCode(condition)).toBe(code);
  });

  it.each([
    `${'('.repeat(101)}true${')'.repeat(101)}`,
    `${'NOT '.repeat(101)}true`,
    `${'abs('.repeat(101)}1${')'.repeat(101)}`,
  ])('refuses more than 100 levels: %s', (condition) => {
    expect(faultCode(condition)).toBe('NestingTooDeep');
  });

  it('takes 100 levels of parentheses', () => {
    expect(truth(`${'('.repeat(99)}true${')'.repeat(99)}`)).toBe(true);
  });

  it('takes a row of any length', () => {
    expect(truth(`${`key1 = 'x' OR `.repeat(20_000)}key1 = 'value1'`)).toBe(true);
    expect(truth(`1${' + 1'.repeat(20_000)} = 20001`)).toBe(true);
  });

  it('reads a name of the object prototype as any other', () => {
    expect(truth(`is_defined(toString) OR is_defined(__proto__) OR is_defined($constructor)`)).toBe(false);
    expect(truth('$body.constructor = null AND $body.__proto__ = null')).toBe(true);
  });
});

describe('the body', () => {
  const weather = '$body.weather.temperature = 50';
  const bytes = Buffer.from(JSON.stringify(BODY));
  const withBody = (body: Uint8Array | string, system: Record<string, string>): RouteMessage => ({
    ...MESSAGE,
    body,
    systemProperties: system,
  });
  const utf8 = { contentType: 'application/json', contentEncoding: 'utf-8' };

  it.each([
    ['utf-8', bytes],
    ['UTF-16', Buffer.from(JSON.stringify(BODY), 'utf16le')],
    ['utf-32', Buffer.from(Uint32Array.from(JSON.stringify(BODY), (c) => c.codePointAt(0) ?? 0).buffer)],
    ['utf-8', JSON.stringify(BODY)],
  ])('is read as %s', (contentEncoding, body) => {
    expect(truth(weather, withBody(body, { ...utf8, contentEncoding }))).toBe(true);
  });

  it.each([
    ['no content type', bytes, { contentEncoding: 'utf-8' }],
    ['no content encoding', bytes, { contentType: 'application/json' }],
    ['another content type', bytes, { ...utf8, contentType: 'application/json; charset=utf-8' }],
    ['another content encoding', bytes, { ...utf8, contentEncoding: 'ascii' }],
    ['another encoding than it says', Buffer.from(JSON.stringify(BODY), 'utf16le'), utf8],
    ['no JSON', Buffer.from('{"weather":'), utf8],
    ['an array', Buffer.from('[1]'), utf8],
    ['a number', '50', utf8],
    ['nothing', '', utf8],
  ])('is Undefined with %s', (_, body, system) => {
    expect(truth(weather, withBody(body, system))).toBeUndefined();
    expect(truth('$body.gone = null', withBody(body, system))).toBeUndefined();
  });

  it('is parsed once for all routes', () => {
    let reads = 0;
    const message = {
      ...MESSAGE,
      get body() {
        reads += 1;
        return bytes;
      },
    };
    expect(truth(weather, message)).toBe(true);
    expect(truth('$body.weather.on', message)).toBe(true);
    expect(reads).toBe(1);
  });
});
