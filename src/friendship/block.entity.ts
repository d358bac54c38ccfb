import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

const BlockSchema = defineEntity({
  name: 'Block',
  tableName: 'blocks',
  properties: {
    blocker: () =>
      p
        .manyToOne(User)
        .primary()
        .deleteRule('no action')
        .updateRule('no action')
        .foreignKeyName('blocks_blocker_id_fkey'),
    blocked: () =>
      p
        .manyToOne(User)
        .primary()
        .deleteRule('no action')
        .updateRule('no action')
        .foreignKeyName('blocks_blocked_id_fkey')
        .index('blocks_blocked_index'),
    createdAt: p.datetime(6).defaultRaw('now()'),
  },
  indexes: [
    {
      name: 'blocks_newest_index',
      expression: 'create index blocks_newest_index on blocks (blocker_id, created_at desc, blocked_id desc)',
    },
  ],
  checks: [{ name: 'blocks_no_self', expression: 'blocker_id <> blocked_id' }],
});

export class Block extends BlockSchema.class {}
BlockSchema.setClass(Block);
