import type { Column } from '../table.js';
import type { Codec } from './codec.js';

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;
const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const BITS = /^[01]*$/;

const PLUS = 0x2b;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Whole numbers within a range; any where there is none. */
export function integerCodec({ range }: Pick<Column, 'range'>): Codec {
  // Numbers of so many digits are in range for certain.
  const safeDigits =
    range === undefined ? Infinity : String(range.max < -range.min ? range.max : -range.min).length - 1;
  const positiveDigits = range === undefined ? Infinity : String(range.max).length - 1;
  return {
    write(value, to) {
      const digits = digitsOf(value);
      if (digits === 0) {
        return 'numbers';
      }
      const safe = value[0] === MINUS ? safeDigits : positiveDigits;
      if (digits > safe && range !== undefined) {
        const number = BigInt(value.toString('latin1').replace('+', ''));
        if (number < range.min || number > range.max) {
          return 'numbers';
        }
      }
      to.raw(value);
      return undefined;
    },
    repair(value) {
      const text = value.toString('latin1');
      if (range === undefined || !INTEGER.test(text)) {
        return null;
      }
      const number = BigInt(text.replace('+', ''));
      return Buffer.from(String(number < range.min ? range.min : range.max));
    },
    canonical(value) {
      const usual = value[0] !== PLUS && value[0] !== MINUS && (value[0] !== ZERO || value.length === 1);
      return usual ? value : Buffer.from(String(BigInt(value.toString('latin1').replace('+', ''))));
    },
  };
}

/** How many digits a whole number has; 0 for what is none. */
function digitsOf(value: Buffer): number {
  const start = value[0] === MINUS || value[0] === PLUS ? 1 : 0;
  for (let index = start; index < value.length; index++) {
    const byte = value[index]!;
    if (byte < ZERO || byte > NINE) {
      return 0;
    }
  }
  return value.length - start;
}

const SPECIAL = /^(?:[+-]?Infinity|NaN)$/;

/** Numbers of so many digits, some of them behind the point; any where that is not said. */
export function decimalCodec({ precision }: Pick<Column, 'precision'>): Codec {
  return {
    write(value, to) {
      const parts = partsOf(value);
      if (parts === undefined ? !isSpecial(value, precision) : !fits(parts, precision)) {
        return 'numbers';
      }
      to.raw(value);
      return undefined;
    },
    repair(value) {
      const parts = partsOf(value);
      if (parts === undefined || precision === undefined || precision.scale < 0 || precision.scale > precision.digits) {
        return null;
      }
      const { digits, scale } = precision;
      const largest = `${'9'.repeat(digits - scale) || '0'}${scale > 0 ? `.${'9'.repeat(scale)}` : ''}`;
      if (parts.whole.length > digits - scale) {
        return Buffer.from(parts.sign + largest);
      }
      const rounded = roundedTo(parts, scale);
      return Buffer.from(
        rounded.replace(/^-|\..*/g, '').length > Math.max(1, digits - scale) ? parts.sign + largest : rounded,
      );
    },
    canonical(value) {
      const parts = partsOf(value);
      if (parts === undefined) {
        return value;
      }
      const whole = parts.whole || '0';
      const written = /\.(\d*)/.exec(value.toString('latin1'))?.[1] ?? '';
      const fraction = precision === undefined ? written : parts.fraction.padEnd(Math.max(0, precision.scale), '0');
      const sign = parts.sign === '-' && /[1-9]/.test(whole + fraction) ? '-' : '';
      return Buffer.from(`${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`);
    },
  };
}

/** With so many digits there is no infinity. */
function isSpecial(value: Buffer, precision: Column['precision']): boolean {
  const text = value.toString('latin1');
  return SPECIAL.test(text) && (precision === undefined || text === 'NaN');
}

/** A scale can be beyond the digits, and below zero: then so many digits before the point are zeros. */
function fits({ whole, fraction }: DecimalParts, precision: Column['precision']): boolean {
  if (precision === undefined) {
    return true;
  }
  const { digits, scale } = precision;
  if (scale < 0) {
    return fraction === '' && whole.length <= digits - scale && /^0*$/.test(whole.slice(scale));
  }
  return whole.length <= Math.max(0, digits - scale) && fraction.length <= scale;
}

interface DecimalParts {
  sign: '-' | '';
  /** Without leading zeros. */
  whole: string;
  /** Without zeros at the end. */
  fraction: string;
}

function partsOf(value: Buffer): DecimalParts | undefined {
  const [text, sign, whole = '', fraction = ''] = DECIMAL.exec(value.toString('latin1')) ?? [];
  if (text === undefined || whole + fraction === '') {
    return undefined;
  }
  return { sign: sign === '-' ? '-' : '', whole: whole.replace(/^0+/, ''), fraction: fraction.replace(/0+$/, '') };
}

/** Half goes away from zero, as in PostgreSQL. */
function roundedTo({ sign, whole, fraction }: DecimalParts, scale: number): string {
  const kept = BigInt(`0${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`);
  const up = Number(fraction[scale] ?? '0') >= 5 ? 1n : 0n;
  const digits = String(kept + up).padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, digits.length - scale)}${scale > 0 ? `.${digits.slice(-scale)}` : ''}`;
}

export const realCodec: Codec = floatCodec(4);
export const doubleCodec: Codec = floatCodec(8);

/** PostgreSQL refuses what only overflows or vanishes in so many bytes. */
function floatCodec(bytes: 4 | 8): Codec {
  const fit = (text: string): number => (bytes === 4 ? Math.fround(Number(text)) : Number(text));
  return {
    write(value, to) {
      const text = value.toString('latin1');
      if (!SPECIAL.test(text)) {
        if (!FLOAT.test(text)) {
          return 'numbers';
        }
        const number = fit(text);
        if (!Number.isFinite(number) || (number === 0 && /[1-9]/.test(text.replace(/e.*/i, '')))) {
          return 'numbers';
        }
      }
      to.raw(value);
      return undefined;
    },
    repair(value) {
      const text = value.toString('latin1');
      if (!FLOAT.test(text)) {
        return null;
      }
      const largest = bytes === 4 ? '3.4028235e38' : '1.7976931348623157e308';
      const nearest = fit(text) === 0 ? '0' : largest;
      return Buffer.from(text.startsWith('-') ? `-${nearest}` : nearest);
    },
    canonical(value) {
      const text = value.toString('latin1');
      const binary = Buffer.alloc(bytes);
      if (bytes === 4) {
        binary.writeFloatBE(Number(text));
      } else {
        binary.writeDoubleBE(Number(text));
      }
      return Buffer.from(binary.toString('hex'), 'latin1');
    },
  };
}

/**
 * Numbers of another type, which must be the same to their last digit when they are held as floating-point ones.
 * @param fit the nearest number that can be held
 */
export function exactCodec(codec: Codec, fit: (number: number) => number): Codec {
  const isExact = (text: string): boolean => {
    const digits = Math.max(1, scientific(text).digits.length);
    const held = fit(Number(text));
    return digits <= MOST_DIGITS && (sameNumber(held.toPrecision(digits), text) || isSpellingOf(held, text));
  };
  return {
    ...codec,
    write(value, to) {
      const text = value.toString('latin1');
      return FLOAT.test(text) && Number.isFinite(fit(Number(text))) && !isExact(text)
        ? 'numbers'
        : codec.write(value, to);
    },
    repair(value, kind, policy) {
      const nearest = fit(Number(value.toString('latin1')));
      return Number.isFinite(nearest) && nearest !== 0
        ? Buffer.from(String(nearest))
        : codec.repair(value, kind, policy);
    },
  };
}

/**
 * Whether a number is spelled like that by somebody who rounds halves another way than JavaScript: the text is no more
 * than half of its last digit away. A power of two has its neighbours nearer below it than above: its shortest spelling
 * need not be the nearest one.
 */
function isSpellingOf(number: number, text: string): boolean {
  const { sign, digits, exponent } = scientific(text);
  if (number === 0 || sign !== number < 0) {
    return false;
  }
  const { mantissa, power } = partsOfDouble(Math.abs(number));
  const lastDigit = exponent - digits.length;
  // All in units that make whole numbers of both.
  const tens = 10n ** BigInt(Math.abs(lastDigit));
  const twos = 2n ** BigInt(Math.abs(power));
  const unit = (lastDigit < 0 ? 1n : tens) * (power < 0 ? twos : 1n);
  const held = mantissa * (power < 0 ? 1n : twos) * (lastDigit < 0 ? tens : 1n);
  const away = held - BigInt(digits) * unit;
  const distance = away < 0n ? -away : away;
  return 2n * distance <= unit || (isPowerOfTwo(mantissa) && distance < unit);
}

/** A positive number as a whole one and a power of two. */
function partsOfDouble(number: number): { mantissa: bigint; power: number } {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, number);
  const all = bits.getBigUint64(0);
  const fraction = all & (2n ** 52n - 1n);
  const exponent = Number(all >> 52n);
  return exponent === 0
    ? { mantissa: fraction, power: -1074 }
    : { mantissa: fraction + 2n ** 52n, power: exponent - 1075 };
}

function isPowerOfTwo(number: bigint): boolean {
  return (number & (number - 1n)) === 0n;
}

/** As many as toPrecision gives. */
const MOST_DIGITS = 100;

/** Whether two texts of numbers are the same number, whatever their zeros and exponents. */
function sameNumber(one: string, other: string): boolean {
  const [a, b] = [scientific(one), scientific(other)];
  return a.digits === b.digits && (a.digits === '' || (a.exponent === b.exponent && a.sign === b.sign));
}

/** Digits without zeros around them, and the exponent of the first of them. */
function scientific(text: string): { sign: boolean; digits: string; exponent: number } {
  const [, sign, whole = '', fraction = '', power = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const all = whole + fraction;
  const leading = /^0*/.exec(all)![0].length;
  return { sign: sign === '-', digits: all.replace(/^0+|0+$/g, ''), exponent: Number(power) + whole.length - leading };
}

/** 0s and 1s, exactly so many. */
export function bitsCodec({ maxLength }: Pick<Column, 'maxLength'>): Codec {
  return {
    write(value, to) {
      if (!BITS.test(value.toString('latin1')) || (maxLength !== undefined && value.length !== maxLength)) {
        return 'numbers';
      }
      to.raw(value);
      return undefined;
    },
    repair: () => null,
    canonical: (value) => value,
  };
}
