import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { bytes, callback, choice, flag, milliseconds, seconds, unchecked } from '../../../src/util/option-kinds.ts';
import {
  checkOption,
  checkOptions,
  foreignNames,
  foreignUnder,
  type OptionTable,
  optionTable,
  type Resolved,
  resolveOption,
  resolveOptions,
  under,
} from '../../../src/util/option-table.ts';

interface DoorOptions {
  widthBytes?: number | undefined;
  closeTimeoutSecs?: number | undefined;
  knockMs?: number | undefined;
  isOpen?: boolean | undefined;
  side?: 'left' | 'right' | undefined;
  onKnock?: (() => void) | undefined;
}

const door: OptionTable<Resolved<DoorOptions, 'onKnock'>> = optionTable(
  'a door',
  {
    widthBytes: bytes(80),
    closeTimeoutSecs: seconds(5),
    knockMs: milliseconds(250, 10),
    isOpen: flag(false),
    side: choice('left', ['left', 'right']),
    onKnock: callback(),
  },
  {
    example: '{ side: … }',
    foreign: foreignNames({ side: 'hinge hand', 'doors of this kind have no lock': 'lock', onKnock: 'bell' }),
  },
);

const defaults = {
  widthBytes: 80,
  closeTimeoutSecs: 5,
  knockMs: 250,
  isOpen: false,
  side: 'left',
  onKnock: undefined,
};

describe('a table of options', () => {
  test('fills in its defaults, and takes undefined and null for what is not given', () => {
    expect(resolveOptions(door, {})).toEqual(defaults);
    expect(resolveOptions(door, { side: undefined, widthBytes: null })).toEqual(defaults);
    expect(resolveOptions(door, { side: 'right', knockMs: 10 })).toEqual({ ...defaults, side: 'right', knockMs: 10 });
  });

  test('gives each caller an object of its own', () => {
    const first = resolveOptions(door, {});
    first.side = 'right';
    expect(resolveOptions(door, {}).side).toBe('left');
    expect(() => Object.assign(door.defaults, { side: 'right' })).toThrow(TypeError);
  });

  test('holds what is given alone, to be set on top of others', () => {
    expect(checkOptions(door, { isOpen: true, side: undefined })).toEqual({ isOpen: true, side: 'left' });
  });

  test.each<[string, unknown, string]>([
    ['widthBytes', 0, 'widthBytes: must be an integer of at least 1, got 0'],
    ['widthBytes', 1.5, 'widthBytes: must be an integer of at least 1, got 1.5'],
    ['closeTimeoutSecs', 0, 'closeTimeoutSecs: must be a finite number from 0.001 to 2147483.647, got 0'],
    ['knockMs', 9, 'knockMs: must be an integer from 10 to 2147483647, got 9'],
    ['isOpen', 1, 'isOpen: must be true or false, got 1'],
    ['side', 'middle', "side: must be one of 'left', 'right', got a string"],
    ['onKnock', {}, 'onKnock: must be a function, got an object'],
  ])('refuses %s of %j by name', (name, value, message) => {
    expect(() => resolveOptions(door, { [name]: value })).toThrow(new UsageError(name, message.split(': ')[1] ?? ''));
  });

  test('checks what a setter is given, which has to be something', () => {
    expect(checkOption(door, 'knockMs', 20)).toBe(20);
    expect(() => checkOption(door, 'knockMs', undefined)).toThrow('knockMs: must be an integer');
    expect(resolveOption(door, 'knockMs', undefined)).toBe(250);
  });

  test('names the option that its options belong to', () => {
    const front = under('frontDoor', door);
    expect(() => resolveOptions(front, { isOpen: 1 })).toThrow('frontDoor.isOpen: must be true or false, got 1');
    expect(() => resolveOptions(front, { isopen: true })).toThrow(
      "isopen: is not an option of frontDoor; did you mean 'isOpen'?",
    );
    expect(() => resolveOptions(front, 5)).toThrow(
      'options: of frontDoor must be an object such as { side: … }, got 5',
    );
  });
});

describe('a name that is in no table', () => {
  const messageOf = (name: string): string => {
    try {
      resolveOptions(door, { [name]: 1 });
    } catch (error) {
      if (error instanceof UsageError) return error.message;
    }
    throw new Error('nothing was thrown');
  };

  test.each([
    ['IsOpen', 'isOpen'],
    ['isOpne', 'isOpen'],
    ['closeTimeout', 'closeTimeoutSecs'],
    ['closeTimeoutMs', 'closeTimeoutSecs'],
    ['width', 'widthBytes'],
    ['knock', 'knockMs'],
    ['hinge', 'side'],
    ['hand', 'side'],
    ['bell', 'onKnock'],
  ])('%s: %s was meant', (name, suggestion) => {
    expect(messageOf(name)).toBe(`${name}: is not an option of a door; did you mean '${suggestion}'?`);
  });

  test('lock gets its sentence', () => {
    expect(messageOf('lock')).toBe('lock: is not an option of a door; doors of this kind have no lock');
  });

  test.each(['x', 'constructor', 'toString', 'window', 'a'.repeat(100_000)])('nothing resembles %.20s', (name) => {
    expect(messageOf(name)).toBe(`${name}: is not an option of a door`);
  });

  test('is refused even when it is undefined, and when it is __proto__', () => {
    expect(() => resolveOptions(door, { isOpne: undefined })).toThrow(UsageError);
    expect(() => resolveOptions(door, JSON.parse('{"__proto__": {"side": "right"}}'))).toThrow(
      '__proto__: is not an option of a door',
    );
  });

  test.each([undefined, null, 'left', 8080, ['side'], () => undefined])('%o is no object of options', (given) => {
    expect(() => resolveOptions(door, given)).toThrow(
      /^options: of a door must be an object such as { side: … }, got /,
    );
  });

  test('another table is known with its own names and foreign ones, under the option it belongs to', () => {
    const house = optionTable('a house', { door: unchecked<object>() }, { foreign: foreignUnder('door', door) });
    const give = (name: string) => (): unknown => resolveOptions(house, { [name]: 1 });
    expect(give('isOpen')).toThrow("isOpen: is not an option of a house; did you mean 'door.isOpen'?");
    expect(give('hinge')).toThrow("hinge: is not an option of a house; did you mean 'door.side'?");
    expect(give('lock')).toThrow('lock: is not an option of a house; doors of this kind have no lock');
  });
});
