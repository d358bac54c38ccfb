import { Migration } from '@mikro-orm/migrations';

/**
 * Users get what an account needs: case-blind unique emails and nicknames, optional email, password
 * and birth date (accounts from elsewhere), roles checked, times, soft delete.
 * Runs before the key changes, while every table that tells how old a user is still has the old key.
 */
export class Migration20261121000100_account_columns extends Migration {
  override up(): void {
    this.addSql(`lock table users in access exclusive mode`);
    // The one place that says when two nicknames are the same: NFKC, full case folding
    // (lower, upper, lower under ICU's root collation: the first for ẞ; the final sigma is left to itself), NFKC again.
    this.addSql(`
      create function laurel_nickname_key(nickname text) returns text
        language sql immutable strict parallel safe
        return normalize(replace(lower(upper(lower(normalize(nickname, NFKC) collate "und-x-icu"))), 'ς', 'σ'), NFKC)`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- users: emails that differ only in case, %s sets of ids: %s. Change or remove all but one of each set.',
            count(*), array_to_string((array_agg(ids order by first))[1:20], '; ')) as line
          from (
            select min(id) as first, string_agg(id::text, ' = ' order by id) as ids
            from users group by lower(email) having count(*) > 1
          ) same having count(*) > 0
          union all
          select format(
            '- users: nicknames that are the same but for case or width, %s sets of ids: %s. Rename all but one of each set.',
            count(*), array_to_string((array_agg(ids order by first))[1:20], '; '))
          from (
            select min(id) as first, string_agg(id::text, ' = ' order by id) as ids
            from users group by laurel_nickname_key(nickname) having count(*) > 1
          ) same having count(*) > 0
          union all
          select format(
            '- users: unknown role, %s rows, ids: %s. Set the role to user or admin.',
            count(*), array_to_string((array_agg(id order by id))[1:20], ', '))
          from users where role not in ('user', 'admin') having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    this.addSql(`alter table users alter column email drop not null`);
    this.addSql(`alter table users rename column password to password_hash`);
    this.addSql(`alter table users alter column password_hash drop not null`);
    this.addSql(`alter table users alter column birth_date drop not null`);
    this.addSql(`alter table users alter column role set default 'user'`);
    // A nickname of 32 graphemes can be more than 100 characters: one emoji alone has up to ten.
    this.addSql(`alter table users alter column nickname type varchar(320)`);
    // One ALTER, because the stored key rewrites the table.
    this.addSql(`
      alter table users
        add column nickname_key text collate "C" not null generated always as (laurel_nickname_key(nickname)) stored,
        add column picture_url text,
        add column time_zone text,
        add column created_at timestamptz not null default now(),
        add column updated_at timestamptz not null default now(),
        add column deleted_at timestamptz,
        add constraint users_role_check check (role in ('user', 'admin'))`);
    // Nobody noted when these users registered: their earliest trace is the best answer.
    this.addSql(`
      update users set created_at = trace.earliest
      from (
        select user_id, min(at) as earliest from (
          select user_id, created_at at time zone 'UTC' as at from scores
          union all
          select requester_id, created_at at time zone 'UTC' from friendships
          union all
          select receiver_id, created_at at time zone 'UTC' from friendships
          union all
          select user_id, updated_at at time zone 'UTC' from monthly_scores
          union all
          select user_id, visit_date::timestamp at time zone 'UTC' from game_visits
        ) traces
        where isfinite(at)
        group by user_id
      ) trace
      where trace.user_id = users.id and trace.earliest < users.created_at`);

    this.addSql(`drop index ix_users_email`);
    this.addSql(`create unique index users_email_unique on users (lower(email))`);
    this.addSql(`create unique index users_nickname_key_unique on users (nickname_key)`);
  }

  override down(): void {
    this.addSql(`lock table users in access exclusive mode`);
    // Ids are the public ones where there is one: an integer given on the way down is gone after the rollback.
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- users: no email, password or birth date, %s rows, ids: %s. Fill these columns or remove the users.',
            count(*), array_to_string((array_agg(coalesce(user_id::text, id::text) order by id))[1:20], ', ')) as line
          from users where email is null or password_hash is null or birth_date is null having count(*) > 0
          union all
          select format(
            '- users: deleted, %s rows, ids: %s. The old schema would bring them back to life: restore or remove them.',
            count(*), array_to_string((array_agg(coalesce(user_id::text, id::text) order by id))[1:20], ', '))
          from users where deleted_at is not null having count(*) > 0
          union all
          select format(
            '- users: nickname longer than 100 characters, %s rows, ids: %s. Shorten them.',
            count(*), array_to_string((array_agg(coalesce(user_id::text, id::text) order by id))[1:20], ', '))
          from users where char_length(nickname) > 100 having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the old schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    this.addSql(`drop index users_nickname_key_unique`);
    this.addSql(`drop index users_email_unique`);
    this.addSql(`
      alter table users
        drop constraint users_role_check,
        drop column nickname_key,
        drop column picture_url,
        drop column time_zone,
        drop column created_at,
        drop column updated_at,
        drop column deleted_at`);
    this.addSql(`alter table users alter column nickname type varchar(100)`);
    this.addSql(`alter table users alter column role drop default`);
    this.addSql(`alter table users alter column birth_date set not null`);
    this.addSql(`alter table users rename column password_hash to password`);
    this.addSql(`alter table users alter column password set not null`);
    this.addSql(`alter table users alter column email set not null`);
    this.addSql(`create unique index ix_users_email on users (email)`);
    this.addSql(`drop function laurel_nickname_key(text)`);
  }
}
