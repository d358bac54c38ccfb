import { defineEntity, p } from '@mikro-orm/core';
import { User } from './user.entity.js';

/** How far the write-ahead log had come when a player's last write was done; used only beside read replicas. */
const LastWriteSchema = defineEntity({
  name: 'LastWrite',
  tableName: 'last_writes',
  properties: {
    user: () =>
      p
        .oneToOne(User)
        .primary()
        .owner()
        .foreignKeyName('last_writes_user_id_fkey')
        .deleteRule('cascade')
        .updateRule('no action'),
    writtenLsn: p.string().columnType('pg_lsn'),
  },
});

export class LastWrite extends LastWriteSchema.class {}
LastWriteSchema.setClass(LastWrite);
