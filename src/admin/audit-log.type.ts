import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';

export enum ActorKind {
  OPERATOR = 'OPERATOR',
  ADMIN = 'ADMIN',
  SERVICE_KEY = 'SERVICE_KEY',
  USER = 'USER',
}
registerEnumType(ActorKind, {
  name: 'AuditActorKind',
  description: 'Who can have done what is logged.',
  valuesConfig: {
    OPERATOR: { description: 'Whoever has the command line of the server.' },
    ADMIN: { description: 'A user who is an admin.' },
    SERVICE_KEY: { description: "One of the game's own servers, by its key." },
    USER: { description: 'Any user, with what is their own.' },
  },
});

export enum AuditAction {
  API_KEY_CREATED = 'API_KEY_CREATED',
  API_KEY_REVOKED = 'API_KEY_REVOKED',
  ADMIN_CREATED = 'ADMIN_CREATED',
  ROLE_SET = 'ROLE_SET',
  USER_SUSPENDED = 'USER_SUSPENDED',
  USER_RESTORED = 'USER_RESTORED',
  SCORE_VOIDED = 'SCORE_VOIDED',
  LEADERBOARD_CREATED = 'LEADERBOARD_CREATED',
  LEADERBOARD_UPDATED = 'LEADERBOARD_UPDATED',
  USER_DELETED = 'USER_DELETED',
  POST_DELETED = 'POST_DELETED',
  POST_RESTORED = 'POST_RESTORED',
  EMPLOYEE_CREATED = 'EMPLOYEE_CREATED',
  EMPLOYEE_UPDATED = 'EMPLOYEE_UPDATED',
  EMPLOYEE_DELETED = 'EMPLOYEE_DELETED',
  EMPLOYEE_RESTORED = 'EMPLOYEE_RESTORED',
  SCHEDULE_DELETED = 'SCHEDULE_DELETED',
  SCHEDULE_RESTORED = 'SCHEDULE_RESTORED',
}
registerEnumType(AuditAction, {
  name: 'AuditAction',
  description: 'What is logged. More may come.',
  valuesConfig: {
    API_KEY_CREATED: { description: 'A service key was made; the target is the key.' },
    API_KEY_REVOKED: { description: 'A service key was ended; the target is the key.' },
    ADMIN_CREATED: { description: 'An account was made that is an admin; the target is the user.' },
    ROLE_SET: { description: 'A user became an admin, or is none any more; the target is the user.' },
    USER_SUSPENDED: {
      description:
        'A user was suspended, or the suspension changed; the target is the user. It ends by itself at `until`.',
    },
    USER_RESTORED: { description: 'A suspension was ended, or a deletion undone; the target is the user.' },
    SCORE_VOIDED: { description: 'A score was taken out of its standing; the target is the score.' },
    LEADERBOARD_CREATED: { description: 'A board was made; the target is the board.' },
    LEADERBOARD_UPDATED: { description: 'A board was edited; the target is the board.' },
    USER_DELETED: { description: 'An account was deleted; the target is the user.' },
    POST_DELETED: { description: 'A post was deleted; the target is the post.' },
    POST_RESTORED: { description: 'A deleted post was had back; the target is the post.' },
    EMPLOYEE_CREATED: { description: 'A user became an employee; the target is the employee.' },
    EMPLOYEE_UPDATED: { description: 'What an employee may do was changed; the target is the employee.' },
    EMPLOYEE_DELETED: { description: 'An employee was deleted; the target is the employee.' },
    EMPLOYEE_RESTORED: { description: 'A deleted employee was had back; the target is the employee.' },
    SCHEDULE_DELETED: { description: 'A schedule was deleted; the target is the schedule.' },
    SCHEDULE_RESTORED: { description: 'A deleted schedule was had back; the target is the schedule.' },
  },
});

/** Who does something that is logged. */
export interface Actor {
  kind: ActorKind;
  /** Of the admin or of the key; null for an operator, and for the key of the setting. */
  id: string | null;
}

/** Whoever has the command line. */
export const OPERATOR: Actor = { kind: ActorKind.OPERATOR, id: null };

export interface AuditLogRow {
  id: string;
  at: InstantText;
  actorKind: ActorKind;
  actorId: string | null;
  action: AuditAction;
  targetId: string;
  details: object;
}

@ObjectType('AuditLogEntry', { simpleResolvers: true, description: 'Something that was done to the whole, for good.' })
export class AuditLogEntry implements AuditLogRow {
  @Field(() => ID, { description: 'Stable.' })
  id!: string;

  @Field(() => DateTimeScalar, { description: 'When it was done.' })
  at!: InstantText;

  @Field(() => ActorKind, { description: 'What kind of actor has done it.' })
  actorKind!: ActorKind;

  @Field(() => ID, {
    nullable: true,
    description: "The admin's or the key's id; null for an operator, and for the key of the server's settings.",
  })
  actorId!: string | null;

  @Field(() => AuditAction, { description: 'What was done.' })
  action!: AuditAction;

  @Field(() => ID, { description: 'To what it was done; the action says what it is an id of.' })
  targetId!: string;

  @Field(() => GraphQLJSONObject, { description: 'More about it, by the action. Nothing personal.' })
  details!: object;
}

@ObjectType('AuditLogEdge', { simpleResolvers: true, description: 'An entry in the audit log.' })
export class AuditLogEdge extends edgeType<AuditLogRow>(() => AuditLogEntry) {}

@ObjectType('AuditLogConnection', { simpleResolvers: true, description: 'Entries of the audit log, newest first.' })
export class AuditLogConnection extends connectionType<AuditLogRow, AuditLogEdge>(
  () => AuditLogEdge,
  () => AuditLogEntry,
) {}
