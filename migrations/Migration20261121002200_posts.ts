import { Migration } from '@mikro-orm/migrations';

const ACTORS = `('OPERATOR', 'ADMIN', 'SERVICE_KEY')`;
const ACTORS_WITH_USERS = `('OPERATOR', 'ADMIN', 'SERVICE_KEY', 'USER')`;

/** Posts, and the feed of those by friends. */
export class Migration20261121002200_posts extends Migration {
  override up(): void {
    this.addSql(`
      create table posts (
        id uuid not null constraint posts_pkey primary key,
        legacy_id varchar(50) constraint posts_legacy_id_unique unique,
        author_id uuid not null constraint posts_author_id_fkey references users (id),
        title text not null,
        content text not null,
        version integer not null default 1,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        deleted_at timestamptz
      )`);
    this.addSql(`
      create index posts_author_index on posts (author_id, created_at desc, id desc) where deleted_at is null`);
    // The author is in it, so that a feed goes through what is new without reading the posts.
    this.addSql(`
      create index posts_newest_index on posts (created_at desc, id desc) include (author_id) where deleted_at is null`);
    this.addSql(`create index posts_deleted_index on posts (deleted_at) where deleted_at is not null`);
    this.addFeed();
    this.addTouch();
    // Users delete what is theirs.
    this.addSql(`alter table audit_log drop constraint audit_log_actor_kind_check`);
    this.addSql(`
      alter table audit_log add constraint audit_log_actor_kind_check
        check (actor_kind in ${ACTORS_WITH_USERS})`);
  }

  /** What users have deleted stays in the log: nobody can take it out. */
  override down(): void {
    this.addSql(`alter table audit_log drop constraint audit_log_actor_kind_check`);
    this.addSql(`
      alter table audit_log add constraint audit_log_actor_kind_check check (actor_kind in ${ACTORS}) not valid`);
    this.addSql(`
      do $$
      begin
        if not exists (select from audit_log where actor_kind = 'USER') then
          alter table audit_log validate constraint audit_log_actor_kind_check;
        end if;
      end
      $$`);
    this.addSql(`drop trigger users_touched on users`);
    this.addSql(`drop function laurel_feed(uuid, timestamptz, uuid, integer)`);
    this.addSql(`drop table posts`);
    this.addSql(`drop function laurel_touch()`);
  }

  /**
   * Of the posts before (p_at, p_id) the newest p_size by the viewer and their friends. Whoever has many friends finds them
   * most quickly among what is new; where that is not enough, and for everybody else, the newest of each friend are merged.
   */
  private addFeed(): void {
    this.addSql(`
      create function laurel_feed(p_viewer uuid, p_at timestamptz, p_id uuid, p_size integer)
      returns table (id uuid) language plpgsql stable set plan_cache_mode = force_generic_plan as $$
      #variable_conflict use_column
      declare
        recent uuid[];
      begin
        if exists (select from friendships where requester_id = p_viewer and status = 'accepted' offset 50)
          or exists (select from friendships where receiver_id = p_viewer and status = 'accepted' offset 50)
        then
          select array_agg(n.id) into recent from (
            select n.id from (
              select p.id, p.author_id, p.created_at from posts p
              where p.deleted_at is null and (p.created_at, p.id) < (p_at, p_id)
              order by p.created_at desc, p.id desc limit 2000
            ) n
            where (n.author_id = p_viewer or exists (
                select from friendships f
                where least(f.requester_id, f.receiver_id) = least(p_viewer, n.author_id)
                  and greatest(f.requester_id, f.receiver_id) = greatest(p_viewer, n.author_id)
                  and f.status = 'accepted'
                -- Or all friendships there are would be read into a table to look them up in.
                offset 0
              ))
              and exists (
                select from users u where u.id = n.author_id and u.deleted_at is null and u.suspended_at is null
              )
            order by n.created_at desc, n.id desc limit p_size
          ) n;
          if cardinality(recent) = p_size then
            return query select unnest(recent);
            return;
          end if;
        end if;
        return query
        select newest.id
        from (
          select receiver_id as author_id from friendships where requester_id = p_viewer and status = 'accepted'
          union all
          select requester_id from friendships where receiver_id = p_viewer and status = 'accepted'
          union all
          select p_viewer
        ) f
        cross join lateral (
          select p.id, p.created_at from posts p
          where p.author_id = f.author_id and p.deleted_at is null and (p.created_at, p.id) < (p_at, p_id)
            and exists (
              select from users u where u.id = f.author_id and u.deleted_at is null and u.suspended_at is null
            )
          order by p.created_at desc, p.id desc limit p_size
        ) newest
        order by newest.created_at desc, newest.id desc limit p_size;
      end
      $$`);
  }

  /** Writes down when a row was changed, unless the statement does so itself. */
  private addTouch(): void {
    this.addSql(`
      create function laurel_touch() returns trigger language plpgsql as $$
      begin
        new.updated_at := now();
        return new;
      end
      $$`);
    // Of a post, what its readers see; deleting it and having it back is no edit.
    for (const [table, columns] of [
      ['posts', ' of title, content'],
      ['users', ''],
    ]) {
      this.addSql(`
        create trigger ${table}_touched before update${columns} on ${table}
          for each row when (new.updated_at is not distinct from old.updated_at) execute function laurel_touch()`);
    }
  }
}
