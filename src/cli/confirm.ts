import { stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline/promises';
import { CommandError } from './command.js';

/**
 * Has the operator type a word before something that cannot be undone.
 * @throws CommandError where nobody is there to ask, or another word came
 */
export async function confirmByTyping(question: string, word: string): Promise<void> {
  if (!stdin.isTTY) {
    throw new CommandError(`${question}\nNothing was run. To agree without being asked: --yes`);
  }
  const reader = createInterface({ input: stdin, output: stdout });
  try {
    const answer = await reader.question(`${question}\nType ${word} to go on: `);
    if (answer.trim() !== word) {
      throw new CommandError('Nothing was run.');
    }
  } finally {
    reader.close();
  }
}
