import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

/** Visits of a player on one day; the day is the player's own. */
const VisitSchema = defineEntity({
  name: 'Visit',
  tableName: 'visits',
  properties: {
    user: () =>
      p.manyToOne(User).primary().deleteRule('no action').updateRule('no action').foreignKeyName('visits_user_id_fkey'),
    visitDate: p.date().primary().index('visits_date_index'),
    visitCount: p.integer().default(1),
    legacyId: p.integer().nullable().unique('visits_legacy_id_unique'),
  },
  checks: [{ name: 'visits_count_positive', expression: 'visit_count > 0' }],
});

export class Visit extends VisitSchema.class {}
VisitSchema.setClass(Visit);
