import { randomUUID } from 'node:crypto';
import type { Answer, Player, TestServer } from '../support/server.js';
import { errorsOf } from '../account/support.js';

const EMPLOYEE_FIELDS = `id name username email role isActive version createdAt updatedAt user { id }`;
export const SCHEDULE_FIELDS = `id type title date description startTime endTime location clientName clientContact purpose
  status priority result followUp reminder reminderAt version createdAt updatedAt employee { id }`;
export const CREATE_EMPLOYEE = `mutation ($input: CreateEmployeeInput!) {
  createEmployee(input: $input) { employee { ${EMPLOYEE_FIELDS} } } }`;
export const UPDATE_EMPLOYEE = `mutation ($input: UpdateEmployeeInput!) {
  updateEmployee(input: $input) { employee { ${EMPLOYEE_FIELDS} } } }`;
export const DELETE_EMPLOYEE = `mutation ($id: ID!) { deleteEmployee(id: $id) { employeeId } }`;
export const RESTORE_EMPLOYEE = `mutation ($id: ID!) { restoreEmployee(id: $id) { employee { ${EMPLOYEE_FIELDS} } } }`;
export const EMPLOYEE = `query ($id: ID!) { employee(id: $id) { ${EMPLOYEE_FIELDS} } }`;
export const EMPLOYEES = `query ($isActive: Boolean, $first: Int, $after: String) {
  employees(isActive: $isActive, first: $first, after: $after) {
    nodes { ${EMPLOYEE_FIELDS} } pageInfo { hasNextPage endCursor } } }`;

const PAYLOAD = `schedule { ${SCHEDULE_FIELDS} } overlaps { id }`;
export const CREATE_SCHEDULE = `mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { ${PAYLOAD} } }`;
export const UPDATE_SCHEDULE = `mutation ($input: UpdateScheduleInput!) { updateSchedule(input: $input) { ${PAYLOAD} } }`;
export const SET_STATUS = `mutation ($input: SetScheduleStatusInput!) { setScheduleStatus(input: $input) { ${PAYLOAD} } }`;
export const DELETE_SCHEDULE = `mutation ($id: ID!) { deleteSchedule(id: $id) { scheduleId } }`;
export const RESTORE_SCHEDULE = `mutation ($id: ID!) { restoreSchedule(id: $id) { ${PAYLOAD} } }`;
export const SCHEDULE = `query ($id: ID!) { schedule(id: $id) { ${SCHEDULE_FIELDS} } }`;
export const SCHEDULES = `query ($filter: ScheduleFilter, $first: Int, $after: String) {
  schedules(filter: $filter, first: $first, after: $after) {
    nodes { id title date startTime } pageInfo { hasNextPage endCursor } } }`;

export interface ShownEmployee {
  id: string;
  name: string;
  username: string;
  email: string;
  role: string;
  isActive: boolean;
  version: number;
  updatedAt: string;
  user: { id: string } | null;
}

export interface ShownSchedule {
  id: string;
  version: number;
  status: string;
  [field: string]: unknown;
}

export interface ShownPage<Node> {
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

/** A player who is an employee. */
export interface StaffPlayer extends Player {
  employeeId: string;
}

export const errorsIn = errorsOf;

/** The data of an answer. @throws where something was refused */
export async function done<Data>(answer: Promise<Answer<Data>>): Promise<Data> {
  const { data, errors } = await answer;
  if (errors !== undefined) {
    throw new Error(JSON.stringify(errors));
  }
  return data;
}

/** Makes an employee of a new player, by the service key. */
export async function hire(
  server: TestServer,
  input: Record<string, unknown> = {},
  nickname = 'employee',
): Promise<StaffPlayer> {
  const player = await server.player(nickname);
  const username = `${nickname}-${randomUUID().slice(0, 8)}`;
  const all = { userId: player.id, name: nickname, username, email: `${username}@studio.example.com`, ...input };
  const { createEmployee } = await done(server.graphql(CREATE_EMPLOYEE, { input: all }, 'service'));
  return { ...player, employeeId: createEmployee.employee.id };
}

/** Makes a schedule. */
export async function plan(
  server: TestServer,
  as: Player | 'service',
  input: Record<string, unknown> = {},
): Promise<ShownSchedule> {
  const all = { type: 'MEETING', title: 'A meeting', date: '2026-03-02', ...input };
  const { createSchedule } = await done(server.graphql(CREATE_SCHEDULE, { input: all }, as));
  return createSchedule.schedule;
}
