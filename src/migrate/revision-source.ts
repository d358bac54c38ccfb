/** A statement of a migration to be written. */
export interface DraftStatement {
  sql: string;
  /** What its reader should know; a line. */
  comment?: string;
}

/** A migration to be written. */
export interface Draft {
  name: string;
  /** What it does, in a sentence. */
  summary: string;
  /** The newest migrations that it comes after. */
  after: readonly string[];
  /** Where false, `outside` says why in a sentence. */
  transactional: boolean;
  outside?: string;
  up: readonly DraftStatement[];
  down: readonly DraftStatement[];
  /** Stands where there are no statements. */
  emptyUp: string;
  emptyDown: string;
}

/** Beside `static readonly after = `, in a line of 120. */
const LONGEST_LIST = 93;

/** TypeScript of a migration, formatted like the others. */
export function sourceOf(draft: Draft): string {
  const { name, summary, up, down, emptyUp, emptyDown } = draft;
  return `import { Migration } from '@mikro-orm/migrations';

/** ${summary.replaceAll('*/', '* /')} */
export class ${name} extends Migration {
${[...head(draft), method('up', up, emptyUp), method('down', down, emptyDown)].join('\n')}}
`;
}

function head({ after, transactional, outside }: Draft): string[] {
  return [
    ...(after.length === 0 ? [] : [`  static readonly after = ${quotedNames(after)};\n`]),
    ...(transactional
      ? []
      : [`  /** ${outside} */\n  override isTransactional(): boolean {\n    return false;\n  }\n`]),
  ];
}

function quotedNames(names: readonly string[]): string {
  const [first, ...others] = names.map((name) => `'${name}'`);
  if (others.length === 0) {
    return first!;
  }
  const line = `[${[first, ...others].join(', ')}]`;
  return line.length <= LONGEST_LIST ? line : `[\n    ${[first, ...others].join(',\n    ')},\n  ]`;
}

function method(name: string, statements: readonly DraftStatement[], empty: string): string {
  const body = statements.length === 0 ? [`    // ${empty}`] : statements.map(call);
  return `  override ${name}(): void {\n${body.join('\n')}\n  }\n`;
}

function call({ sql, comment }: DraftStatement): string {
  const text = sql.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${');
  const shown = text.includes('\n') ? `\n${text}`.replaceAll('\n', '\n      ').replaceAll(/ +$/gm, '') : text;
  return `${comment === undefined ? '' : `    // ${comment}\n`}    this.addSql(\`${shown}\`);`;
}
