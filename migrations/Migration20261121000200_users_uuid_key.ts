import { Migration } from '@mikro-orm/migrations';

/**
 * The UUID that the old API already spoke (user_id) becomes the primary key; the integer stays as legacy_id.
 * Friendships refer to legacy_id until they are converted in turn.
 */
export class Migration20261121000200_users_uuid_key extends Migration {
  override up(): void {
    this.addSql(`lock table users, friendships in access exclusive mode`);
    this.addSql(`
      do $$
      declare
        problems text;
      begin
        select string_agg(line, chr(10) order by line) into problems from (
          select format(
            '- friendships: orphans, requester or receiver is not in users, %s rows, ids: %s. Delete them or bring the users back.',
            count(*), array_to_string((array_agg(f.id order by f.id))[1:20], ', ')) as line
          from friendships f
          where not exists (select 1 from users u where u.id = f.requester_id)
            or not exists (select 1 from users u where u.id = f.receiver_id)
          having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    // Which ids were made here, so that the way back makes them NULL again.
    this.addSql(
      `create table archive_users_filled_ids (id uuid not null constraint archive_users_filled_ids_pkey primary key)`,
    );
    this.addSql(`
      with filled as (
        update users set user_id = gen_random_uuid() where user_id is null returning user_id
      )
      insert into archive_users_filled_ids (id) select user_id from filled`);

    // "if exists": the old service got these keys late, and a database may have been brought here without them.
    this.addSql(`alter table friendships drop constraint if exists friendships_requester_id_fkey`);
    this.addSql(`alter table friendships drop constraint if exists friendships_receiver_id_fkey`);
    this.addSql(`alter table users drop constraint users_pkey`);
    this.addSql(`drop index ix_users_id`);
    this.addSql(`drop index ix_users_user_id`);
    // The sequence stays with its column: on the way back, newer users get their integers from it.
    this.addSql(`alter table users alter column id drop default`);
    this.addSql(`alter table users alter column id drop not null`);
    this.addSql(`alter table users rename column id to legacy_id`);
    this.addSql(`alter table users rename column user_id to id`);
    this.addSql(`alter table users add constraint users_pkey primary key (id)`);
    this.addSql(`alter table users add constraint users_legacy_id_unique unique (legacy_id)`);
    this.addSql(`
      alter table friendships
        add constraint friendships_requester_id_fkey foreign key (requester_id) references users (legacy_id)`);
    this.addSql(`
      alter table friendships
        add constraint friendships_receiver_id_fkey foreign key (receiver_id) references users (legacy_id)`);
  }

  override down(): void {
    this.addSql(`lock table users, friendships in access exclusive mode`);
    this.addSql(`update users set legacy_id = nextval('users_id_seq') where legacy_id is null`);
    this.addSql(`alter table friendships drop constraint friendships_requester_id_fkey`);
    this.addSql(`alter table friendships drop constraint friendships_receiver_id_fkey`);
    this.addSql(`alter table users drop constraint users_legacy_id_unique`);
    this.addSql(`alter table users drop constraint users_pkey`);
    this.addSql(`alter table users alter column id drop not null`);
    this.addSql(`alter table users rename column id to user_id`);
    this.addSql(`alter table users rename column legacy_id to id`);
    this.addSql(`update users set user_id = null where user_id in (select id from archive_users_filled_ids)`);
    this.addSql(`drop table archive_users_filled_ids`);
    this.addSql(`alter table users add constraint users_pkey primary key (id)`);
    this.addSql(`alter table users alter column id set default nextval('users_id_seq')`);
    this.addSql(`create index ix_users_id on users (id)`);
    this.addSql(`create unique index ix_users_user_id on users (user_id)`);
    this.addSql(`
      alter table friendships
        add constraint friendships_requester_id_fkey foreign key (requester_id) references users (id)`);
    this.addSql(`
      alter table friendships
        add constraint friendships_receiver_id_fkey foreign key (receiver_id) references users (id)`);
  }
}
