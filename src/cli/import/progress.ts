import { stderr } from 'node:process';
import { SingleBar } from 'cli-progress';
import type { Progress } from '../../transfer/import/run.js';

/** Without a terminal, a table under way is told of every so often. */
const PLAIN_MILLISECONDS = 10_000;

const BAR = '{table} [{bar}] {percentage}% | {value} of about {total} rows | {speed} rows/s | {left} left';
const COUNTER = '{table} {value} rows | {speed} rows/s';

/** Tells of an import's progress on stderr: bars on a terminal, plain lines elsewhere. */
export interface ProgressDisplay {
  show(progress: Progress): void;
  /** Puts the terminal in order, whatever came of the run. */
  end(): void;
}

export function progressDisplay(): ProgressDisplay {
  return stderr.isTTY ? new Bars() : new Lines();
}

class Bars implements ProgressDisplay {
  #bar: SingleBar | undefined;
  #started = 0;
  #last = '';

  show({ phase, table, rows = 0, estimatedRows, copied }: Progress): void {
    if (phase !== 'copying') {
      const line = lineOf(phase, table);
      if (line !== this.#last) {
        this.end();
        stderr.write(`${line}\n`);
        this.#last = line;
      }
      return;
    }
    if (this.#bar === undefined) {
      this.#started = Date.now();
      this.#bar = new SingleBar({
        format: estimatedRows === undefined ? COUNTER : BAR,
        stream: stderr,
        hideCursor: true,
        // Ctrl-C is the run's own matter.
        gracefulExit: false,
      });
      this.#bar.start(estimatedRows ?? rows, 0, { table, speed: 0, left: '?' });
    }
    // The source only guesses: a bar that is full goes on growing.
    const total = copied ? rows : Math.max(rows, estimatedRows ?? rows);
    this.#bar.setTotal(total);
    this.#bar.update(rows, { table, ...paceOf(rows, total, this.#started) });
    if (copied) {
      this.end();
    }
  }

  end(): void {
    this.#bar?.stop();
    this.#bar = undefined;
  }
}

class Lines implements ProgressDisplay {
  #table = '';
  #started = 0;
  #told = 0;
  #last = '';

  show({ phase, table, rows = 0, estimatedRows, copied }: Progress): void {
    if (phase !== 'copying') {
      const line = lineOf(phase, table);
      if (line !== this.#last) {
        stderr.write(`${line}\n`);
        this.#last = line;
      }
      return;
    }
    if (table !== this.#table) {
      this.#table = table;
      this.#started = this.#told = Date.now();
    }
    if (!copied && Date.now() - this.#told < PLAIN_MILLISECONDS) {
      return;
    }
    this.#told = Date.now();
    const { speed, left } = paceOf(rows, Math.max(rows, estimatedRows ?? rows), this.#started);
    const rest = copied || estimatedRows === undefined ? '' : ` of about ${estimatedRows}, ${left} left`;
    stderr.write(`copied ${table}: ${rows} rows${rest}, ${speed} rows/s\n`);
  }

  end(): void {}
}

const PHASES = { checking: 'checking', writing: 'writing', keys: 'making keys of', comparing: 'comparing' };

function lineOf(phase: keyof typeof PHASES, table: string): string {
  return `${PHASES[phase]} ${table}`;
}

function paceOf(rows: number, total: number, started: number): { speed: number; left: string } {
  const seconds = Math.max((Date.now() - started) / 1000, 0.001);
  const speed = Math.round(rows / seconds);
  return { speed, left: speed === 0 ? '?' : `${Math.ceil((total - rows) / speed)} s` };
}
