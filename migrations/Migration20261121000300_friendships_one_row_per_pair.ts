import { Migration } from '@mikro-orm/migrations';

/**
 * One friendship row per unordered pair, kept by an index; UUIDs; instants with a zone.
 * Where both directions were present: accepted beats pending beats rejected, two pendings are an
 * acceptance, otherwise the earlier row stays. The other row goes to archive_friendships_merged.
 */
export class Migration20261121000300_friendships_one_row_per_pair extends Migration {
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
          where not exists (select 1 from users u where u.legacy_id = f.requester_id)
            or not exists (select 1 from users u where u.legacy_id = f.receiver_id)
          having count(*) > 0
          union all
          select format(
            '- friendships: unknown status, %s rows, ids: %s. Set the status to pending, accepted or rejected.',
            count(*), array_to_string((array_agg(id order by id))[1:20], ', '))
          from friendships where status not in ('pending', 'accepted', 'rejected') having count(*) > 0
        ) found;
        if problems is not null then
          raise exception '%', 'Stopped, nothing was changed. Rows that the new schema cannot hold (first 20 listed):' || chr(10) || problems;
        end if;
      end
      $$`);

    // The merged row as it was, and what its survivor was before (only its status can have changed).
    this.addSql(`
      create table archive_friendships_merged (
        id integer not null constraint archive_friendships_merged_pkey primary key,
        requester_id integer not null,
        receiver_id integer not null,
        status varchar(20) not null,
        created_at timestamp without time zone not null,
        survivor_id integer not null,
        survivor_status varchar(20) not null
      )`);
    this.addSql(`
      insert into archive_friendships_merged
        (id, requester_id, receiver_id, status, created_at, survivor_id, survivor_status)
      select id, requester_id, receiver_id, status, created_at, survivor_id, survivor_status
      from (
        select f.*,
          first_value(id) over best_first as survivor_id,
          first_value(status) over best_first as survivor_status
        from friendships f
        window best_first as (
          partition by least(requester_id, receiver_id), greatest(requester_id, receiver_id)
          order by case status when 'accepted' then 1 when 'pending' then 2 else 3 end, created_at, id
        )
      ) ranked
      where id <> survivor_id`);

    this.addSql(`alter table friendships rename to friendships_old`);
    this.addSql(`
      create table friendships (
        id uuid not null,
        legacy_id integer,
        requester_id uuid not null,
        receiver_id uuid not null,
        status varchar(20) not null default 'pending',
        created_at timestamptz not null default now(),
        responded_at timestamptz
      )`);
    // When an old request was answered is unknown, except where the answer was the opposite request.
    this.addSql(`
      insert into friendships (id, legacy_id, requester_id, receiver_id, status, created_at, responded_at)
      select gen_random_uuid(), f.id, requester.id, receiver.id,
        case when mutual.id is null then f.status else 'accepted' end,
        f.created_at at time zone 'UTC',
        mutual.created_at at time zone 'UTC'
      from friendships_old f
      join users requester on requester.legacy_id = f.requester_id
      join users receiver on receiver.legacy_id = f.receiver_id
      left join archive_friendships_merged mutual
        on mutual.survivor_id = f.id and mutual.survivor_status = 'pending' and mutual.status = 'pending'
      where not exists (select 1 from archive_friendships_merged m where m.id = f.id)`);
    // Kept for the way back, when newer rows need integers.
    this.addSql(`alter sequence friendships_id_seq owned by friendships.legacy_id`);
    this.addSql(`drop table friendships_old`);

    this.addSql(`
      alter table friendships
        add constraint friendships_pkey primary key (id),
        add constraint friendships_legacy_id_unique unique (legacy_id),
        add constraint friendships_requester_id_fkey foreign key (requester_id) references users (id),
        add constraint friendships_receiver_id_fkey foreign key (receiver_id) references users (id),
        add constraint friendships_status_check check (status in ('pending', 'accepted', 'rejected')),
        add constraint friendships_responded_check check (status <> 'pending' or responded_at is null),
        add constraint ck_no_self_friend check (requester_id <> receiver_id)`);
    this.addSql(`
      create unique index friendships_pair_unique on friendships
        (least(requester_id, receiver_id), greatest(requester_id, receiver_id))`);
    this.addSql(`
      create index friendships_requester_index on friendships (requester_id, status, created_at desc, id desc)`);
    this.addSql(`
      create index friendships_receiver_index on friendships (receiver_id, status, created_at desc, id desc)`);
  }

  override down(): void {
    this.addSql(`lock table users, friendships in access exclusive mode`);
    this.addSql(`update users set legacy_id = nextval('users_id_seq') where legacy_id is null`);
    this.addSql(`update friendships set legacy_id = nextval('friendships_id_seq') where legacy_id is null`);

    this.addSql(`alter table friendships rename to friendships_new`);
    this.addSql(`
      create table friendships (
        id integer not null default nextval('friendships_id_seq'),
        requester_id integer not null,
        receiver_id integer not null,
        status varchar(20) not null,
        created_at timestamp without time zone not null default now()
      )`);
    // A survivor that the merge made accepted is pending again, unless something has happened to it since.
    this.addSql(`
      insert into friendships (id, requester_id, receiver_id, status, created_at)
      select f.legacy_id, requester.legacy_id, receiver.legacy_id,
        coalesce(mutual.survivor_status, f.status),
        f.created_at at time zone 'UTC'
      from friendships_new f
      join users requester on requester.id = f.requester_id
      join users receiver on receiver.id = f.receiver_id
      left join archive_friendships_merged mutual
        on mutual.survivor_id = f.legacy_id and mutual.survivor_status = 'pending' and mutual.status = 'pending'
        and f.status = 'accepted' and f.responded_at = mutual.created_at at time zone 'UTC'`);
    // The merged row comes back only beside its survivor, and only while that one still has the
    // opposite direction: a request made since may have turned it round.
    this.addSql(`
      insert into friendships (id, requester_id, receiver_id, status, created_at)
      select m.id, m.requester_id, m.receiver_id, m.status, m.created_at
      from archive_friendships_merged m
      join friendships f
        on f.id = m.survivor_id and f.requester_id = m.receiver_id and f.receiver_id = m.requester_id`);
    this.addSql(`alter sequence friendships_id_seq owned by friendships.id`);
    this.addSql(`drop table friendships_new`);
    this.addSql(`drop table archive_friendships_merged`);

    this.addSql(`
      alter table friendships
        add constraint friendships_pkey primary key (id),
        add constraint uq_friendship_pair unique (requester_id, receiver_id),
        add constraint ck_no_self_friend check (requester_id <> receiver_id),
        add constraint friendships_requester_id_fkey foreign key (requester_id) references users (legacy_id),
        add constraint friendships_receiver_id_fkey foreign key (receiver_id) references users (legacy_id)`);
    this.addSql(`create index ix_friendships_created_at on friendships (created_at)`);
    this.addSql(`create index ix_friendships_id on friendships (id)`);
    this.addSql(`create index ix_friendships_receiver_id on friendships (receiver_id)`);
    this.addSql(`create index ix_friendships_requester_id on friendships (requester_id)`);
  }
}
