import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { HttpErrorCode } from '../../src/http/http-error-code.ts';
import { HttpResponse } from '../../src/http/http-response.ts';

describe('HttpResponse', () => {
  test('takes its fields in the order of IXWebSocket', () => {
    const response = new HttpResponse(404, 'Not Found', HttpErrorCode.Ok, { 'X-A': '1' }, 'gone', '', 10, 4);
    expect(response).toMatchObject({
      statusCode: 404,
      description: 'Not Found',
      errorCode: 'Ok',
      body: 'gone',
      errorMsg: '',
      uploadSize: 10,
      downloadSize: 4,
    });
    expect(response.headers.get('x-a')).toBe('1');
  });

  test('without arguments is empty', () => {
    expect(new HttpResponse()).toMatchObject({ statusCode: 0, errorCode: 'Ok', body: '', uploadSize: 0 });
  });

  test('reads its body as text and as JSON', () => {
    const body = Buffer.from('\ufeff{"grüße":[1]}');
    const response = new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, body);
    expect(response.text()).toBe('{"grüße":[1]}');
    expect(response.json<{ grüße: number[] }>().grüße).toEqual([1]);
    expect(new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, '[]').json()).toEqual([]);
    expect(new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, Buffer.from([0xff])).text()).toBe('\ufffd');
    expect(() => new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, 'no').json()).toThrow(SyntaxError);
  });

  test('does not read a stream as text', () => {
    const response = new HttpResponse(200, 'OK', HttpErrorCode.Ok, {}, Readable.from(['x']));
    expect(() => response.text()).toThrow('body: is a stream');
  });

  test.each<[string, unknown[]]>([
    ['statusCode', ['200']],
    ['statusCode', [1000]],
    ['statusCode', [-1]],
    ['description', [200, 'OK\r\nX: y']],
    ['errorCode', [200, '', 'ok']],
    ['headers', [200, '', 'Ok', { 'X-A': 'a\nb' }]],
    ['headers', [200, '', 'Ok', null]],
    ['body', [200, '', 'Ok', {}, 5]],
    ['body', [200, '', 'Ok', {}, null]],
    ['body', [200, '', 'Ok', {}, { a: 1 }]],
    ['uploadSize', [200, '', 'Ok', {}, '', '', -1]],
  ])('names %s when it is wrong', (option, args) => {
    const make = (): unknown => Reflect.construct(HttpResponse, args);
    expect(make).toThrow(expect.objectContaining({ code: 'invalidOption', option }));
  });
});
