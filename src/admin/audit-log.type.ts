import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { connectionType, edgeType } from '../shared/connection.js';
import type { InstantText } from '../shared/instant.js';
import { DateTimeScalar } from '../shared/scalars.js';

export enum ActorKind {
  OPERATOR = 'OPERATOR',
  ADMIN = 'ADMIN',
  SERVICE_KEY = 'SERVICE_KEY',
}
registerEnumType(ActorKind, {
  name: 'AuditActorKind',
  description: 'Who can have done what is logged.',
  valuesConfig: {
    OPERATOR: { description: 'Whoever has the command line of the server.' },
    ADMIN: { description: 'A user who is an admin.' },
    SERVICE_KEY: { description: "One of the game's own servers, by its key." },
  },
});

export enum AuditAction {
  API_KEY_CREATED = 'API_KEY_CREATED',
  API_KEY_REVOKED = 'API_KEY_REVOKED',
}
registerEnumType(AuditAction, {
  name: 'AuditAction',
  description: 'What is logged. More may come.',
  valuesConfig: {
    API_KEY_CREATED: { description: 'A service key was made; the target is the key.' },
    API_KEY_REVOKED: { description: 'A service key was ended; the target is the key.' },
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
