import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { queryOne, sql } from '../database/query.js';
import { isPresent } from './presence.js';
import { sessionEnded } from './session.service.js';

/**
 * All that is stored of a user, except for what would let somebody sign in: hashes of passwords and tokens. Others are
 * named by their ids alone: what they call themselves is theirs.
 * @returns one object, its parts by what they are
 */
export async function exportAccount(em: SqlEntityManager, userId: string): Promise<object> {
  const exported = await queryOne(
    em,
    sql<{ data: object }>`
      select jsonb_build_object(
        'account', jsonb_build_object('id', u.id, 'email', u.email, 'emailVerifiedAt', u.email_verified_at,
          'nickname', u.nickname, 'birthDate', u.birth_date, 'role', u.role, 'pictureUrl', u.picture_url,
          'timeZone', u.time_zone, 'createdAt', u.created_at, 'updatedAt', u.updated_at, 'legacyId', u.legacy_id),
        'sessions', (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'createdAt', s.created_at,
            'refreshedAt', s.refreshed_at, 'expiresAt', s.expires_at, 'revokedAt', s.revoked_at,
            'userAgent', s.user_agent) order by s.created_at), '[]') from sessions s where s.user_id = u.id),
        'identities', (select coalesce(jsonb_agg(jsonb_build_object('id', i.id, 'provider', i.provider,
            'subject', i.subject, 'email', i.email, 'emailVerified', i.email_verified, 'pictureUrl', i.picture_url,
            'createdAt', i.created_at, 'lastUsedAt', i.last_used_at) order by i.created_at), '[]')
            from identities i where i.user_id = u.id),
        'friendships', (select coalesce(jsonb_agg(jsonb_build_object('id', f.id, 'requesterId', f.requester_id,
            'receiverId', f.receiver_id, 'status', f.status, 'createdAt', f.created_at, 'respondedAt', f.responded_at)
            order by f.created_at), '[]') from friendships f where u.id in (f.requester_id, f.receiver_id)
            -- A request to somebody who has blocked the player reads as any other.
            and not (f.status = 'pending' and f.receiver_id = u.id
              and exists (select from blocks b where b.blocker_id = u.id and b.blocked_id = f.requester_id))),
        'blocks', (select coalesce(jsonb_agg(jsonb_build_object('userId', b.blocked_id, 'createdAt', b.created_at)
            order by b.created_at), '[]') from blocks b where b.blocker_id = u.id),
        'scores', (select coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'seasonId', e.season_id, 'score', e.score,
            'createdAt', e.created_at, 'voidedAt', e.voided_at) order by e.created_at), '[]') from scores e where e.user_id = u.id),
        'standings', (select coalesce(jsonb_agg(jsonb_build_object('seasonId', t.season_id, 'score', t.score,
            'achievedAt', t.achieved_at) order by t.achieved_at), '[]') from standings t where t.user_id = u.id),
        'posts', (select coalesce(jsonb_agg(jsonb_build_object('id', p.id, 'title', p.title, 'content', p.content,
            'createdAt', p.created_at, 'updatedAt', p.updated_at, 'deletedAt', p.deleted_at) order by p.created_at), '[]')
            from posts p where p.author_id = u.id),
        'employee', (select jsonb_build_object('id', e.id, 'name', e.name, 'username', e.username, 'email', e.email,
            'role', e.role, 'isActive', e.is_active, 'createdAt', e.created_at, 'updatedAt', e.updated_at,
            'deletedAt', e.deleted_at, 'legacyId', e.legacy_id) from employees e where e.user_id = u.id),
        'schedules', (select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'type', s.type, 'title', s.title,
            'date', s.schedule_date, 'description', s.description, 'startTime', s.start_time, 'endTime', s.end_time,
            'location', s.location, 'clientName', s.client_name, 'clientContact', s.client_contact,
            'purpose', s.purpose, 'status', s.status, 'priority', s.priority, 'result', s.result,
            'followUp', s.follow_up, 'reminder', s.reminder, 'reminderAt', s.reminder_at, 'createdAt', s.created_at,
            'updatedAt', s.updated_at, 'deletedAt', s.deleted_at) order by s.schedule_date, s.start_time, s.id), '[]')
            from schedules s join employees e on e.id = s.employee_id where e.user_id = u.id),
        'visits', (select coalesce(jsonb_agg(jsonb_build_object('date', v.visit_date, 'count', v.visit_count)
            order by v.visit_date), '[]') from visits v where v.user_id = u.id)
      ) as data
      from users u where u.id = ${userId} and ${isPresent('u')}`,
  );
  if (exported === undefined) {
    throw sessionEnded();
  }
  return exported.data;
}
