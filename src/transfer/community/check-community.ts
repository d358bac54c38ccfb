import { quoted } from '../identifier.js';
import { type RowsCheck, runChecks, useMemory } from '../service/checks.js';
import type { StagedCheck } from '../staged-check.js';
import type { Target } from '../target.js';
import type { CommunityOptions } from './options.js';
import { matchPeople, noteAddresses } from './people.js';
import { postChecks } from './post-checks.js';
import { SECTIONS } from './sections.js';
import type { CommunityShape, CommunityStaged } from './shape.js';
import { tokenChecks } from './token-checks.js';
import { userChecks } from './user-checks.js';

/**
 * Looks for all that is wrong with the staged rows of the community: users first, then what refers to those who are left.
 * Makes what the conversion needs to know of the people.
 * @param run what is to be done with a check; answers how many rows it found
 */
export async function checkCommunity(
  target: Target,
  shape: CommunityShape,
  options: CommunityOptions,
  run: (check: StagedCheck) => Promise<number>,
): Promise<void> {
  await useMemory(target);
  await noteAddresses(target, shape);
  for (const { name } of SECTIONS) {
    const staged = shape.tables.find((table) => table.name === name);
    if (staged !== undefined) {
      await target.query(`analyze ${quoted(staged.table.name)}`);
      await runChecks(target, staged, checksOf(staged, options), run);
    }
    if (name === 'users') {
      await matchPeople(target, shape);
    }
  }
}

function checksOf(staged: CommunityStaged, options: CommunityOptions): RowsCheck[] {
  switch (staged.name) {
    case 'users':
      return userChecks(staged, options);
    case 'posts':
      return postChecks(staged, options);
    case 'token_blacklist':
      return tokenChecks(staged, options);
  }
}
