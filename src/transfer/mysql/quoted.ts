/** A name as an identifier of MySQL and MariaDB, whatever is in it. */
export function quotedHere(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
