export interface Change {
  /** In the build's folder `src`, or below `node_modules/`. */
  file: string;
  /** What is there exactly once. */
  text: string;
  replacement: string;
}

export interface Defence {
  /** What its rows are about. */
  name: string;
  /** What takes it out. */
  changes: Change[];
  /** Packages of node_modules that must see the changes, beside those that are changed. */
  packages?: string[];
  /** The file that its tests are in; left out, the table. */
  file?: string;
  /** A pattern of their names, where they are not rows. */
  tests?: string;
}

export const defences: Defence[];

/** The file that a change is made in. */
export function sourceOf(file: string, dist: string, nodeModules: string): string;
