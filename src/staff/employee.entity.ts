import { defineEntity, p } from '@mikro-orm/core';
import { User } from '../account/user.entity.js';

/** Somebody of the staff, and the account that they sign in with. */
const EmployeeSchema = defineEntity({
  name: 'Employee',
  tableName: 'employees',
  properties: {
    id: p.uuid().primary(),
    legacyId: p.integer().nullable().unique('employees_legacy_id_unique'),
    user: () =>
      p
        .oneToOne(User)
        .unique('employees_user_id_unique')
        .deleteRule('no action')
        .updateRule('no action')
        .foreignKeyName('employees_user_id_fkey'),
    name: p.text(),
    username: p.text(),
    email: p.text(),
    role: p.text().default('user'),
    isActive: p.boolean().default(true),
    /** SHA-256 of the secret in the address of their calendar. */
    calendarTokenHash: p.blob().nullable().hidden().unique('employees_calendar_token_unique'),
    /** Counts the edits, so that nobody overwrites one they have not seen. */
    version: p.integer().default(1),
    createdAt: p.datetime(6).defaultRaw('now()'),
    updatedAt: p.datetime(6).defaultRaw('now()'),
    deletedAt: p.datetime(6).nullable(),
    /** Came from another system then: what was deleted there is kept here from then on, until it is purged. */
    importedAt: p.datetime(6).nullable(),
  },
  uniques: [
    {
      name: 'employees_username_unique',
      expression: 'create unique index employees_username_unique on employees (lower(username) collate "C")',
    },
    {
      name: 'employees_email_unique',
      expression: 'create unique index employees_email_unique on employees (lower(email))',
    },
  ],
  indexes: [
    {
      name: 'employees_deleted_index',
      expression: 'create index employees_deleted_index on employees (deleted_at) where deleted_at is not null',
    },
  ],
  checks: [{ name: 'employees_role_check', expression: "role in ('admin', 'user')" }],
});

export class Employee extends EmployeeSchema.class {}
EmployeeSchema.setClass(Employee);
