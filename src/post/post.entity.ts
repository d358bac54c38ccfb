import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

/** What players write for their friends and for everybody. */
const PostSchema = defineEntity({
  name: 'Post',
  tableName: 'posts',
  properties: {
    id: p.uuid().primary(),
    legacyId: p.string().length(50).nullable().unique('posts_legacy_id_unique'),
    author: () =>
      p.manyToOne(User).deleteRule('no action').updateRule('no action').foreignKeyName('posts_author_id_fkey'),
    title: p.text(),
    content: p.text(),
    /** Counts the edits, so that nobody overwrites one they have not seen. */
    version: p.integer().default(1),
    createdAt: p.datetime(6).defaultRaw('now()'),
    updatedAt: p.datetime(6).defaultRaw('now()'),
    deletedAt: p.datetime(6).nullable(),
  },
  indexes: [
    {
      name: 'posts_author_index',
      expression:
        'create index posts_author_index on posts (author_id, created_at desc, id desc) where deleted_at is null',
    },
    {
      name: 'posts_newest_index',
      expression:
        'create index posts_newest_index on posts (created_at desc, id desc) include (author_id) where deleted_at is null',
    },
    {
      name: 'posts_deleted_index',
      expression: 'create index posts_deleted_index on posts (deleted_at) where deleted_at is not null',
    },
  ],
});

export class Post extends PostSchema.class {}
PostSchema.setClass(Post);
