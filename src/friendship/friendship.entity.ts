import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

/** One row per unordered pair of users. */
const FriendshipSchema = defineEntity({
  name: 'Friendship',
  tableName: 'friendships',
  properties: {
    id: p.uuid().primary(),
    legacyId: p.integer().nullable().unique('friendships_legacy_id_unique'),
    requester: () => p.manyToOne(User).foreignKeyName('friendships_requester_id_fkey'),
    receiver: () => p.manyToOne(User).foreignKeyName('friendships_receiver_id_fkey'),
    status: p.string().length(20).default('pending'),
    createdAt: p.datetime(6).defaultRaw('now()'),
    respondedAt: p.datetime(6).nullable(),
  },
  uniques: [
    {
      name: 'friendships_pair_unique',
      expression:
        'create unique index friendships_pair_unique on friendships (least(requester_id, receiver_id), greatest(requester_id, receiver_id))',
    },
  ],
  indexes: [
    {
      name: 'friendships_requester_index',
      expression:
        'create index friendships_requester_index on friendships (requester_id, status, created_at desc, id desc)',
    },
    {
      name: 'friendships_receiver_index',
      expression:
        'create index friendships_receiver_index on friendships (receiver_id, status, created_at desc, id desc)',
    },
  ],
  checks: [
    { name: 'ck_no_self_friend', expression: 'requester_id <> receiver_id' },
    { name: 'friendships_status_check', expression: "status in ('pending', 'accepted', 'rejected')" },
    { name: 'friendships_responded_check', expression: "status <> 'pending' or responded_at is null" },
  ],
});

export class Friendship extends FriendshipSchema.class {}
FriendshipSchema.setClass(Friendship);
