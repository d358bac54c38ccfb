import { Migration } from '@mikro-orm/migrations';

/** What the functions ask of a user who is to be there, and what they ask from now on. */
const PRESENT_BEFORE = String.raw`(\w+)\.deleted_at is null`;
const PRESENT_AFTER = String.raw`(\1.deleted_at is null and \1.suspended_at is null)`;

/** Where a submission has opened its seasons. */
const OPENED = `            on conflict do nothing;
          end if;
`;

/** A board can be edited as long as it has no season: what was read of it before it had one may not hold any more. */
const BOARD_CHECK = `          if not exists (
            select from leaderboards l
            where l.id = board.id and l.aggregation = board.aggregation and l.score_order = board.score_order
              and l.period = board.period and l.time_zone = board.time_zone
          ) then
            raise exception 'these are not the seasons of now' using errcode = 'LA001';
          end if;
`;

/** Players who are suspended, scores that do not count any more, and boards that are edited. */
export class Migration20261121002000_moderation extends Migration {
  override up(): void {
    this.addSql(`lock table users, scores in access exclusive mode`);
    this.addSql(`
      alter table users
        add column suspended_at timestamptz,
        add column suspended_until timestamptz,
        add column suspension_reason text`);
    this.addSql(`
      alter table users add constraint users_suspension_check
        check (suspended_at is not null or (suspended_until is null and suspension_reason is null))`);
    this.addSql(`create index users_suspended_index on users (suspended_at, id) where suspended_at is not null`);
    this.addSql(`create index users_admins_index on users (id) where role = 'admin'`);
    this.addSql(`alter table scores add column voided_at timestamptz`);
    this.addSql(`
      do $patch$
      declare
        definition text;
      begin
        for definition in
          select pg_get_functiondef(name::regproc)
          from unnest(array['laurel_submit_scores', 'laurel_standing_sort_score', 'laurel_user_ranked']) name
        loop
          execute regexp_replace(definition, '${PRESENT_BEFORE}', '${PRESENT_AFTER}', 'g');
        end loop;
        definition := pg_get_functiondef('laurel_submit_scores'::regproc);
        if position($text$${OPENED}$text$ in definition) = 0 then
          raise exception 'Stopped, nothing was changed. laurel_submit_scores is not the function that Laurel made. laurel migrate check shows the difference.';
        end if;
        execute replace(definition, $text$${OPENED}$text$, $text$${OPENED}${BOARD_CHECK}$text$);
      end
      $patch$`);
  }

  /** Suspended players are back with it, and voided scores are in the lists as before; no standing changes by that. */
  override down(): void {
    this.addSql(`lock table users, scores in access exclusive mode`);
    this.addSql(`update users set suspended_at = null, suspended_until = null, suspension_reason = null
      where suspended_at is not null`);
    this.addSql(`
      do $patch$
      declare
        definition text;
      begin
        for definition in
          select pg_get_functiondef(name::regproc)
          from unnest(array['laurel_submit_scores', 'laurel_standing_sort_score', 'laurel_user_ranked']) name
        loop
          execute regexp_replace(
            replace(definition, $text$${BOARD_CHECK}$text$, ''),
            '\\((\\w+)\\.deleted_at is null and \\1\\.suspended_at is null\\)', '\\1.deleted_at is null', 'g');
        end loop;
      end
      $patch$`);
    this.addSql(`alter table scores drop column voided_at`);
    this.addSql(`drop index users_admins_index`);
    this.addSql(`drop index users_suspended_index`);
    this.addSql(`alter table users drop constraint users_suspension_check`);
    this.addSql(`
      alter table users drop column suspension_reason, drop column suspended_until, drop column suspended_at`);
  }
}
