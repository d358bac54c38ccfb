import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  FIRST,
  type OpenDatabase,
  type TestDatabase,
  loadFixture,
  migrationNames,
  withoutRunDetails,
} from './support.js';

/** The chain as a whole and link by link: what goes up comes down to the very same schema and rows. */
export function chainSuite(open: OpenDatabase): void {
  describe('the chain', () => {
    let db: TestDatabase;
    let names: string[];
    beforeAll(async () => {
      db = await open();
      names = await migrationNames();
    });
    afterAll(() => db?.close());

    it('goes up, down to nothing and up again to the same schema', async () => {
      const migrator = await db.fresh();
      const empty = await db.fingerprint();
      await migrator.up();
      const head = await db.fingerprint();
      const rows = withoutRunDetails(await db.snapshot());
      await migrator.down({ to: 0 });
      expect(await db.fingerprint()).toEqual(empty);
      await migrator.up();
      expect(await db.fingerprint()).toEqual(head);
      expect(withoutRunDetails(await db.snapshot())).toEqual(rows);
      expect((await migrator.getExecuted()).map(({ name }) => name)).toEqual(names);
    });

    it('starts with exactly the tables of the old service', async () => {
      let migrator = await db.fresh();
      await loadFixture(db, migrator);
      await db.query('drop table alembic_version');
      const old = await db.fingerprint();
      migrator = await db.fresh();
      await migrator.up({ to: FIRST });
      expect(await db.fingerprint()).toEqual(old);
    });

    it('ends with the names that the server relies on', async () => {
      const migrator = await db.fresh();
      await migrator.up();
      const head = await db.fingerprint();
      const of = (kind: RegExp) => head.flatMap((line) => kind.exec(line)?.[1] ?? []).toSorted();
      expect([...new Set(of(/^column (\w+)\./))]).toEqual([
        'api_keys',
        'archive_friendships_merged',
        'archive_users_filled_ids',
        'audit_log',
        'blocks',
        'email_verifications',
        'employees',
        'friendships',
        'identities',
        'last_writes',
        'leaderboards',
        'link_tickets',
        'password_resets',
        'posts',
        'rate_limits',
        'refused_tokens',
        'schedules',
        'scores',
        'seasons',
        'session_tokens',
        'sessions',
        'sign_in_attempts',
        'sign_in_codes',
        'standing_counts',
        'standing_tie_counts',
        'standings',
        'users',
        'visits',
      ]);
      expect(of(/^index CREATE (?:UNIQUE )?INDEX (\w+)/)).toEqual([
        'api_keys_hash_unique',
        'api_keys_pkey',
        'archive_friendships_merged_pkey',
        'archive_users_filled_ids_pkey',
        'audit_log_newest_index',
        'audit_log_pkey',
        'audit_log_target_index',
        'blocks_blocked_index',
        'blocks_newest_index',
        'blocks_pkey',
        'email_verifications_expiry_index',
        'email_verifications_pkey',
        'email_verifications_user_index',
        'employees_calendar_token_unique',
        'employees_deleted_index',
        'employees_email_unique',
        'employees_legacy_id_unique',
        'employees_pkey',
        'employees_user_id_unique',
        'employees_username_unique',
        'friendships_legacy_id_unique',
        'friendships_pair_unique',
        'friendships_pkey',
        'friendships_receiver_index',
        'friendships_requester_index',
        'identities_pkey',
        'identities_subject_unique',
        'identities_user_index',
        'last_writes_pkey',
        'leaderboards_pkey',
        'leaderboards_slug_unique',
        'link_tickets_expiry_index',
        'link_tickets_pkey',
        'link_tickets_user_index',
        'password_resets_expiry_index',
        'password_resets_pkey',
        'password_resets_user_index',
        'posts_author_index',
        'posts_deleted_index',
        'posts_legacy_id_unique',
        'posts_newest_index',
        'posts_pkey',
        'rate_limits_expire_index',
        'rate_limits_pkey',
        'refused_tokens_pkey',
        'schedules_date_index',
        'schedules_deleted_index',
        'schedules_employee_index',
        'schedules_legacy_id_unique',
        'schedules_pkey',
        'schedules_reminder_index',
        'scores_idempotency_unique',
        'scores_legacy_id_unique',
        'scores_pkey',
        'scores_season_index',
        'scores_user_newest_index',
        'seasons_leaderboard_key_unique',
        'seasons_pkey',
        'session_tokens_pkey',
        'session_tokens_session_index',
        'sessions_expiry_index',
        'sessions_pkey',
        'sessions_user_index',
        'sign_in_attempts_expiry_index',
        'sign_in_attempts_pkey',
        'sign_in_attempts_user_index',
        'sign_in_codes_expiry_index',
        'sign_in_codes_pkey',
        'sign_in_codes_user_index',
        'standing_counts_pkey',
        'standing_tie_counts_pkey',
        'standings_legacy_id_unique',
        'standings_order_index',
        'standings_pkey',
        'standings_user_index',
        'users_admins_index',
        'users_email_unique',
        'users_legacy_id_unique',
        'users_nickname_key_unique',
        'users_nickname_skeleton_unique',
        'users_pkey',
        'users_suspended_index',
        'users_to_scrub_index',
        'visits_date_index',
        'visits_legacy_id_unique',
        'visits_pkey',
      ]);
      expect(of(/^constraint (?:\w+)\.(\w+) (?:CHECK|FOREIGN)/)).toEqual([
        'api_keys_scopes_check',
        'audit_log_actor_kind_check',
        'blocks_blocked_id_fkey',
        'blocks_blocker_id_fkey',
        'blocks_no_self',
        'ck_no_self_friend',
        'email_verifications_user_id_fkey',
        'employees_role_check',
        'employees_user_id_fkey',
        'friendships_receiver_id_fkey',
        'friendships_requester_id_fkey',
        'friendships_responded_check',
        'friendships_status_check',
        'identities_user_id_fkey',
        'last_writes_user_id_fkey',
        'leaderboards_aggregation_check',
        'leaderboards_period_check',
        'leaderboards_score_order_check',
        'leaderboards_slug_check',
        'link_tickets_user_id_fkey',
        'password_resets_user_id_fkey',
        'posts_author_id_fkey',
        'schedules_employee_id_fkey',
        'schedules_priority_check',
        'schedules_reminder_check',
        'schedules_status_check',
        'schedules_times_check',
        'schedules_type_check',
        'scores_safe_integer',
        'scores_season_id_fkey',
        'scores_user_id_fkey',
        'seasons_bounds_check',
        'seasons_leaderboard_id_fkey',
        'session_tokens_session_id_fkey',
        'sessions_user_id_fkey',
        'sign_in_attempts_user_id_fkey',
        'sign_in_codes_user_id_fkey',
        'standings_achieved_at_check',
        'standings_safe_integer',
        'standings_score_id_fkey',
        'standings_season_id_fkey',
        'standings_sort_score',
        'standings_user_id_fkey',
        'users_role_check',
        'users_suspension_check',
        'visits_count_positive',
        'visits_user_id_fkey',
      ]);
      expect(of(/^trigger CREATE TRIGGER (\w+)/)).toEqual([
        'audit_log_kept',
        'employees_touched',
        'posts_touched',
        'schedules_touched',
        'standings_counted_delete',
        'standings_counted_insert',
        'standings_counted_truncate',
        'standings_counted_update',
        'standings_sort_score_insert',
        'standings_sort_score_update',
        'users_ranked',
        'users_touched',
      ]);
      expect(of(/^sequence (\w+)/)).toEqual([
        'friendships_id_seq',
        'game_visits_id_seq',
        'monthly_scores_id_seq',
        'scores_id_seq',
        'users_id_seq',
      ]);
    });

    it('reverses each migration alone, with rows in, and runs it again to the same', async () => {
      const migrator = await db.fresh();
      await loadFixture(db, migrator);
      // Rows that give the archives something to hold.
      await db.query('update users set user_id = null where id in (5, 6)');
      await db.query(
        `insert into friendships (requester_id, receiver_id, status) values (8, 2, 'pending'), (7, 6, 'rejected')`,
      );
      for (const name of names.slice(1)) {
        const schema = await db.fingerprint();
        const rows = await db.snapshot();
        await migrator.up({ migrations: [name] });
        const schemaAfter = await db.fingerprint();
        const rowsAfter = withoutRunDetails(await db.snapshot());
        expect(schemaAfter).not.toEqual(schema);
        await migrator.down({ migrations: [name] });
        expect({ name, schema: await db.fingerprint() }).toEqual({ name, schema });
        expect({ name, rows: await db.snapshot() }).toEqual({ name, rows });
        await migrator.up({ migrations: [name] });
        expect({ name, schema: await db.fingerprint() }).toEqual({ name, schema: schemaAfter });
        const rowsAgain = withoutRunDetails(await db.snapshot());
        if (name.endsWith('users_uuid_key')) {
          // The filled ids are drawn anew.
          for (const side of [rowsAfter, rowsAgain]) {
            expect(side['archive_users_filled_ids']).toHaveLength(2);
            delete side['archive_users_filled_ids'];
            side['users'] = side['users']!.map((row) =>
              [5, 6].includes(row['legacy_id'] as number) ? { ...row, id: 'filled' } : row,
            ).toSorted((a, b) => (a['legacy_id'] as number) - (b['legacy_id'] as number));
          }
        }
        expect({ name, rows: rowsAgain }).toEqual({ name, rows: rowsAfter });
      }
    });

    it('leaves tables that it does not know alone', async () => {
      const migrator = await db.fresh();
      await loadFixture(db, migrator);
      await db.query('create table notes (id integer primary key, user_id integer, text text)');
      await db.query(`insert into notes values (1, 2, 'kept')`);
      await migrator.up();
      await migrator.down({ to: FIRST });
      expect(await db.query('select * from notes')).toEqual([{ id: 1, user_id: 2, text: 'kept' }]);
      expect(await db.query('select * from alembic_version')).toEqual([{ version_num: 'f38f15d3477d' }]);
    });
  });
}
