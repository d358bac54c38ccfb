import { Migration } from '@mikro-orm/migrations';

/**
 * The game service's tables as its own history left them (Alembic revision f38f15d3477d).
 * A database that comes from there is marked as being at this migration; an empty one starts here.
 */
export class Migration20260205193000_game_service_tables extends Migration {
  override up(): void {
    this.addSql(`
      create table users (
        id serial constraint users_pkey primary key,
        email varchar(255) not null,
        nickname varchar(100) not null,
        password varchar(255) not null,
        birth_date date not null,
        role varchar(20) not null,
        user_id uuid
      )`);
    this.addSql(`create unique index ix_users_email on users (email)`);
    this.addSql(`create index ix_users_id on users (id)`);
    this.addSql(`create unique index ix_users_user_id on users (user_id)`);

    this.addSql(`
      create table scores (
        id serial constraint scores_pkey primary key,
        user_id integer not null,
        score integer not null,
        created_at timestamp without time zone not null default now()
      )`);
    this.addSql(`create index ix_scores_id on scores (id)`);
    this.addSql(`create index ix_scores_user_id on scores (user_id)`);

    this.addSql(`
      create table friendships (
        id serial constraint friendships_pkey primary key,
        requester_id integer not null,
        receiver_id integer not null,
        status varchar(20) not null,
        created_at timestamp without time zone not null default now(),
        constraint uq_friendship_pair unique (requester_id, receiver_id),
        constraint ck_no_self_friend check (requester_id <> receiver_id)
      )`);
    this.addSql(`create index ix_friendships_created_at on friendships (created_at)`);
    this.addSql(`create index ix_friendships_id on friendships (id)`);
    this.addSql(`create index ix_friendships_receiver_id on friendships (receiver_id)`);
    this.addSql(`create index ix_friendships_requester_id on friendships (requester_id)`);

    this.addSql(`
      create table monthly_scores (
        id serial constraint monthly_scores_pkey primary key,
        user_id integer not null,
        year integer not null,
        month integer not null,
        score integer not null,
        updated_at timestamp without time zone not null default now(),
        constraint uq_monthly_scores unique (user_id, year, month)
      )`);

    this.addSql(`
      create table game_visits (
        id serial constraint game_visits_pkey primary key,
        user_id integer not null,
        visit_date date not null,
        visit_count integer not null,
        constraint uq_game_visits unique (user_id, visit_date)
      )`);

    this.addSql(`
      alter table friendships
        add constraint friendships_requester_id_fkey foreign key (requester_id) references users (id)`);
    this.addSql(`
      alter table friendships
        add constraint friendships_receiver_id_fkey foreign key (receiver_id) references users (id)`);
  }

  override down(): void {
    this.addSql(`drop table game_visits`);
    this.addSql(`drop table monthly_scores`);
    this.addSql(`drop table friendships`);
    this.addSql(`drop table scores`);
    this.addSql(`drop table users`);
  }
}
