import { describe, expect, it } from 'vitest';
import { ContractError } from '../errors/contract-error.ts';
import { compileRoute } from './compile-route.ts';
import { messageSource } from './route-message.ts';
import type { RouteErrorDetails } from './route-fault.ts';

const UPSTREAM = 'INTO $upstream';

function faultOf(text: string): RouteErrorDetails & { message: string } {
  try {
    compileRoute(text);
  } catch (error) {
    if (!(error instanceof ContractError) || error.code !== 'InvalidRoute') throw error;
    return { ...(error.details as unknown as RouteErrorDetails), message: error.message };
  }
  throw new TypeError(`the route compiles: ${text}`);
}

describe('the form of a route', () => {
  it.each([
    ['FROM /* INTO $upstream', '/*'],
    ['from /* into $UPSTREAM', '/*'],
    ['SELECT * FROM /messages INTO $upstream', '/messages'],
    ['  From  / messages /modules/a-b.c_d/outputs/*\n Into\t$upstream  ', '/messages/modules/a-b.c_d/outputs/*'],
    ['FROM /messages/* a comment */ INTO $upstream', '/messages'],
    ['FROM /messages/modules/*/outputs/x INTO $upstream', '/messages/modules/*/outputs/x'],
  ])('takes %j', (text, source) => {
    const route = compileRoute(text);
    expect(route.source).toBe(source);
    expect(route.sink).toEqual({ kind: 'upstream' });
    expect(route.text).toBe(text);
    expect(route).not.toHaveProperty('condition');
  });

  it('keeps the text of the condition', () => {
    const route = compileRoute(`FROM /messages WHERE  a = 'x' /* why */ AND\n b = "y" /* so */ ${UPSTREAM}`);
    expect(route.condition).toBe(`a = 'x' /* why */ AND\n b = "y"`);
  });

  it('says what the condition reads', () => {
    const route = compileRoute(`FROM /* WHERE a = $messageId AND $body.x[0].y > 3 AND {$cid} = b ${UPSTREAM}`);
    expect(route.reads).toEqual({
      properties: ['a', 'b'],
      systemProperties: ['messageId', 'cid'],
      bodyPaths: ['x[0].y'],
    });
  });

  it('ignores what stands behind the sink', () => {
    const route = compileRoute('FROM /* INTO $upstream WHERE a = 1 ("');
    expect(route.sink).toEqual({ kind: 'upstream' });
    expect(route.ignored).toBe('WHERE a = 1 ("');
    expect(compileRoute('FROM /messages INTO $upstream /* why */ ')).not.toHaveProperty('ignored');
    expect(compileRoute('FROM /* INTO BrokeredEndpoint("/modules/m/inputs/i")))').sink).toMatchObject({ module: 'm' });
  });

  it.each([
    ['', 'Empty', 0],
    [' \n', 'Empty', 2],
    ['/* only */', 'Empty', 10],
    ['FORM /* INTO $upstream', 'UnexpectedToken', 0],
    ['SELECT FROM /* INTO $upstream', 'UnexpectedToken', 7],
    ['SELECT a FROM /* INTO $upstream', 'UnexpectedToken', 7],
    ['FROM messages INTO $upstream', 'UnexpectedToken', 5],
    ['FROM /messages/ INTO $upstream', 'UnexpectedToken', 16],
    ['FROM /messages//a INTO $upstream', 'UnexpectedToken', 15],
    ['FROM INTO $upstream', 'UnexpectedToken', 5],
    ['FROM /messages', 'UnexpectedEnd', 14],
    ['FROM /messages WHERE INTO $upstream', 'UnexpectedToken', 21],
    ['FROM /messages WHERE a = "x" INTO', 'UnexpectedEnd', 33],
    ['FROM /messages INTO upstream', 'UnexpectedEnd', 28],
    ['FROM /messages INTO $upstreams', 'UnknownSink', 20],
    ['FROM /messages INTO "/modules/m/inputs/i"', 'UnexpectedToken', 20],
    ['FROM /messages INTO Endpoint("/modules/m/inputs/i")', 'UnknownSink', 20],
    ['FROM /messages INTO BrokeredEndpoint "/modules/m/inputs/i")', 'UnexpectedToken', 37],
    ['FROM /messages INTO BrokeredEndpoint("/modules/m/inputs/i"', 'UnexpectedEnd', 58],
    ['FROM /messages INTO BrokeredEndpoint("/modules/m/inputs/i)', 'UnterminatedString', 37],
    [`FROM /messages INTO BrokeredEndpoint("/modules/m/inputs/i')`, 'UnterminatedString', 37],
    ["FROM /messages INTO BrokeredEndpoint(''/modules/m/inputs/i'')", 'UnexpectedToken', 39],
    ['FROM /messages INTO BrokeredEndpoint("/modules/m/inputs")', 'InvalidEndpoint', 37],
    ['FROM /messages INTO BrokeredEndpoint("//modules/m/inputs/i")', 'InvalidEndpoint', 37],
    ['FROM /messages INTO BrokeredEndpoint(" ")', 'InvalidEndpoint', 37],
    ['FROM /messages INTO ; $upstream', 'InvalidSymbol', 20],
  ])('refuses %j with %s at %i', (text, code, position) => {
    expect(faultOf(text)).toMatchObject({ code, position });
  });

  it.each(['true', 'null', 'AND', 'from', '$edgeHub', '1', '0x1F', 'e5', 'a[0]'])(
    'refuses %j as a name in a path, since it lexes as something else',
    (name) => {
      expect(faultOf(`FROM /messages/modules/${name}/outputs/o ${UPSTREAM}`)).toMatchObject({
        code: 'UnexpectedToken',
        position: 23,
      });
    },
  );

  it('lets the star of the source open a comment that a later one closes', () => {
    expect(faultOf(`FROM /* WHERE a = 'x' /* why */ AND b = 'y' ${UPSTREAM}`)).toMatchObject({
      position: 32,
      reason: expect.stringContaining('the /* of the source begins a comment') as string,
    });
  });

  it('takes a comment between stars of a path for what it is to edgeHub', () => {
    expect(faultOf(`FROM /messages/modules/*/outputs/*/x ${UPSTREAM}`)).toMatchObject({ code: 'UnexpectedToken' });
  });
});

describe('the sink', () => {
  it.each([
    'BrokeredEndpoint("/modules/m/inputs/i")',
    "brokeredendpoint('/modules/m/inputs/i')",
    'BROKEREDENDPOINT ( " modules/m/inputs/i/ " )',
    'BrokeredEndpoint("/a/m/b/i")',
  ])('takes %s', (sink) => {
    expect(compileRoute(`FROM /* INTO ${sink}`).sink).toMatchObject({ kind: 'module', module: 'm', input: 'i' });
  });

  it('keeps quotes of the other kind and escapes as they are', () => {
    expect(compileRoute(`FROM /* INTO BrokeredEndpoint('/modules/a"b/inputs/i\\'')`).sink).toEqual({
      kind: 'module',
      module: 'a"b',
      input: "i\\'",
      path: `/modules/a"b/inputs/i\\'`,
    });
  });
});

describe('the source', () => {
  const sources = {
    output: messageSource.moduleOutput('m', 'o'),
    module: messageSource.module('m'),
    device: messageSource.device,
    twin: messageSource.twinChange,
  };

  it.each([
    ['/*', ['output', 'module', 'device', 'twin']],
    ['/messages', ['output', 'module', 'device']],
    ['/messages/*', ['output', 'module', 'device']],
    ['/MESSAGES/Modules/*', ['output', 'module']],
    ['/messages/modules', ['output', 'module']],
    ['/messages/modules/m', ['output', 'module']],
    ['/messages/modules/m/outputs/*', ['output']],
    ['/messages/modules/m/outputs/o', ['output']],
    ['/messages/modules/m/outputs/o2', []],
    ['/messages/modules/*/outputs/o', []],
    ['/messages/mod*', []],
    ['/twinChangeNotifications', ['twin']],
    ['/twinchangenotifications/*', ['twin']],
  ])('%s matches %j', (source, expected) => {
    const route = compileRoute(`FROM ${source} ${UPSTREAM}`);
    const matching = Object.entries(sources).filter(([, path]) => route.matchesSource(path));
    expect(matching.map(([name]) => name)).toEqual(expected);
  });

  it('compares whole segments', () => {
    const route = compileRoute(`FROM /messages/modules/temp ${UPSTREAM}`);
    expect(route.matchesSource('/messages/modules/temperature/outputs/o')).toBe(false);
  });

  it('takes a star behind a name for nothing', () => {
    const route = compileRoute(`FROM /messages/modules/temp* ${UPSTREAM}`);
    expect(route.matchesSource('/messages/modules/temp/outputs/o')).toBe(true);
    expect(route.matchesSource('/messages/modules/temperature/outputs/o')).toBe(false);
  });

  it('decides before the condition', () => {
    const message = { source: '/messages', body: '', properties: {}, systemProperties: {} };
    expect(compileRoute(`FROM /messages/modules/* WHERE true ${UPSTREAM}`).evaluate(message)).toBe(false);
    expect(compileRoute(`FROM /messages/* WHERE undefined ${UPSTREAM}`).evaluate(message)).toBeUndefined();
    expect(compileRoute(`FROM /messages/* ${UPSTREAM}`).evaluate(message)).toBe(true);
  });
});

describe('the message of a fault', () => {
  it('points at the place', () => {
    const fault = faultOf('FROM /messages\n\tWHERE temperature > 30 INTO $upstream');
    expect(fault).toMatchObject({ code: 'WrongOperands', line: 2, column: 20, position: 34 });
    expect(fault.message).toBe(
      [
        'the route does not compile: line 2, column 20: the operator > does not take a string and a number: properties are always strings, so write as_number(name), or put the number into quotes',
        '  \tWHERE temperature > 30 INTO $upstream',
        '  \t                  ^',
      ].join('\n'),
    );
  });

  it('cuts long lines around the place', () => {
    const fault = faultOf(
      `FROM /messages WHERE ${"a = 'x' AND ".repeat(20)} ; ${"AND a = 'x' ".repeat(20)}INTO $upstream`,
    );
    const [, shown = '', caret = ''] = fault.message.split('\n');
    expect(shown.length).toBeLessThan(130);
    expect(shown.charAt(caret.indexOf('^'))).toBe(';');
  });

  it.each([
    ["a = 'x' 'y'z", 'single quotes may stand in names'],
    ['a = b c+d', 'put blanks around operators'],
    ['3 -1 = 2', 'put a blank behind it'],
    ['a[0] = 1', '$body.name[0]'],
    ['TRUE = true', 'count only in lower case'],
    ['a = null', 'is_defined(name)'],
    ['is_defined(a) AND $body.b', '$body.name = true'],
  ])('explains what went wrong in %j', (condition, hint) => {
    expect(faultOf(`FROM /* WHERE ${condition} ${UPSTREAM}`).message).toContain(hint);
  });
});
