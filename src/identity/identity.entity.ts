import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

/** Who a user is at a provider; one user can have several, of one provider too. */
const IdentitySchema = defineEntity({
  name: 'Identity',
  tableName: 'identities',
  properties: {
    id: p.uuid().primary(),
    user: () =>
      p.manyToOne(User).foreignKeyName('identities_user_id_fkey').index('identities_user_index').deleteRule('cascade'),
    /** The name that the settings give it. */
    provider: p.text(),
    /** What the provider knows them by: the claim `sub`. */
    subject: p.text(),
    email: p.text().nullable(),
    /** Whether the provider vouches for the address. */
    emailVerified: p.boolean().default(false),
    pictureUrl: p.text().nullable(),
    createdAt: p.datetime(6).defaultRaw('now()'),
    lastUsedAt: p.datetime(6).defaultRaw('now()'),
  },
  uniques: [{ name: 'identities_subject_unique', properties: ['provider', 'subject'] }],
});

export class Identity extends IdentitySchema.class {}
IdentitySchema.setClass(Identity);
