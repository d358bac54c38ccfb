import fastifyStatic from '@fastify/static';
import { getDistDirectory } from 'altair-static';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { renderOptionsScript, renderPage } from './explorer/page.js';
import { PAGE_POLICY, SCRIPT_FRAME_POLICY } from './explorer/policy.js';

const ASSETS_PATH = '/explorer/';
const OPTIONS_SCRIPT = 'options.js';
const SCRIPT_FRAME_PATH = `${ASSETS_PATH}iframe-sandbox/index.html`;

/**
 * Serves an explorer of the API at `/`, with its documentation and example operations. Everything it loads comes
 * from here, so that it works without any other network.
 * @param path of the GraphQL endpoint
 */
export async function registerExplorer(http: FastifyInstance, path: string): Promise<void> {
  const page = renderPage(ASSETS_PATH, OPTIONS_SCRIPT);
  await http.register(async (explorer) => {
    explorer.addHook('onSend', async (request, reply) => {
      reply.headers({
        'content-security-policy': isScriptFrame(request) ? SCRIPT_FRAME_POLICY : PAGE_POLICY,
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    });
    explorer.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
    explorer.get(`${ASSETS_PATH}${OPTIONS_SCRIPT}`, (request, reply) =>
      // It names the host that this request was sent to: no cache may give it to anybody else.
      reply
        .type('text/javascript; charset=utf-8')
        .header('cache-control', 'no-store')
        .send(renderOptionsScript(`${originOf(request)}${path}`)),
    );
    await explorer.register(fastifyStatic, { root: getDistDirectory(), prefix: ASSETS_PATH, index: false });
  });
}

/**
 * Whether it asks for the frame that evaluates request scripts, on behalf of this explorer. The frame takes scripts
 * from the origin that its address names, so that for any other it must not be able to evaluate them: it shares the
 * explorer's storage.
 */
function isScriptFrame(request: FastifyRequest): boolean {
  const url = new URL(request.url, 'http://localhost');
  return url.pathname === SCRIPT_FRAME_PATH && url.searchParams.get('sc') === originOf(request);
}

function originOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}`;
}
