import type { FastifyInstance } from 'fastify';
export async function registerExplorer(_http: FastifyInstance, _path: string): Promise<void> {}
