import { expect, test } from '@jest/globals';
import type { Column } from '../../src/transfer/table.js';
import { codecOf } from '../../src/transfer/values/codec.js';
import { CopyBuffer } from '../../src/transfer/values/copy-buffer.js';

const COLUMNS: Record<string, Column> = {
  real: { name: 'r', sourceType: 'text', kind: 'real', type: 'real', nullable: true, exact: true },
  double: { name: 'd', sourceType: 'text', kind: 'double', type: 'double precision', nullable: true, exact: true },
};

/** What is wrong with a text as a number that may lose no digit; undefined where nothing is. */
function faultOf(type: string, text: string): string | undefined {
  const buffer = new CopyBuffer();
  buffer.startValue();
  return codecOf(COLUMNS[type]!).write(Buffer.from(text), buffer);
}

test.each([
  // As PostgreSQL writes them: halves, and powers of two, whose shortest text is not the nearest.
  [
    'real',
    ['-486015.12', '1.2621775e-29', '1.5474251e+26', '0.00024414062', '3.4028235e+38', '1e-45', '1.2345679e+08'],
  ],
  ['double', ['7.120236347223045e-307', '5.684341886080802e-14', '5e-324', '1.7976931348623157e+308', '2e+23']],
  // With seventeen digits, with all of them, and with zeros around.
  [
    'double',
    ['0.10000000000000001', '0.1000000000000000055511151231257827', '00.5000', '9007199254740992', '-0', '0e5'],
  ],
  ['real', ['NaN', 'Infinity', '16777216', '.5', '5.', '+1e3']],
])('%s takes %j', (type, texts) => {
  expect(texts.filter((text) => faultOf(type, text) !== undefined)).toEqual([]);
});

test.each([
  ['real', ['16777217', '16777217.5', '0.30000000000000004', '123456789', '1e39', '1e-60']],
  [
    'double',
    [
      '9007199254740993',
      '90071992547409930',
      '4611686018427387905',
      '12345678901234567890.0123456789',
      '1e-400',
      '0.1x',
    ],
  ],
])('%s does not take %j', (type, texts) => {
  expect(texts.filter((text) => faultOf(type, text) !== 'numbers')).toEqual([]);
});
