import { type RenderOptions, renderAltair, renderInitSnippet } from 'altair-static';
import { exampleOperations, type ExampleOperation } from './examples.js';

/** Altair's name for a set of variables; this one is in use from the start. */
const PLAYER_ENVIRONMENT = 'player';
/** Empty before signing in: Altair leaves out headers without a value. */
const AUTHORIZATION_VARIABLE = 'authorization';

/** Signs the other tabs in. Runs after loading the documentation as well, which answers without a login. */
const KEEP_TOKEN = `const { data } = JSON.parse(altair.response.body);
if (data?.login) {
  altair.helpers.setEnvironment('${AUTHORIZATION_VARIABLE}', 'Bearer ' + data.login.accessToken, true);
}`;

/**
 * Altair tries by evaluating 1 whether it may evaluate code, and where it may not runs scripts in a frame. The page's
 * policy forbids it anyway; failing that question earlier keeps a violation out of the browser's console.
 */
const REFUSE_EVALUATION = `const evaluate = globalThis.eval;
globalThis.eval = (code) => {
  if (code === '1') {
    throw new EvalError('Not allowed on this page.');
  }
  return evaluate(code);
};`;

/** Altair looks for the frame beside its files, but takes its makers' on the web when two scripts ask at once. */
const USE_OWN_FRAME = `Object.assign(getAltairConfig(), {
  localSandboxUrl: new URL('iframe-sandbox/index.html', document.baseURI).href,
  useLocalSandboxUrl: true,
});`;

/**
 * The explorer's HTML, the same for everybody.
 * @param assetsPath where Altair's files are served, with a slash at the end
 * @param optionsScript name, under `assetsPath`, of what {@link renderOptionsScript} makes
 */
export function renderPage(assetsPath: string, optionsScript: string): string {
  return renderAltair({ baseURL: assetsPath, serveInitialOptionsInSeperateRequest: optionsScript }).replace(
    '<title>Altair</title>',
    '<title>Laurel explorer</title>',
  );
}

/**
 * The script that starts the explorer.
 * @param endpoint absolute URL of the GraphQL endpoint
 */
export function renderOptionsScript(endpoint: string): string {
  const options: RenderOptions = {
    endpointURL: endpoint,
    instanceStorageNamespace: 'laurel_',
    disableAccount: true,
    persistedSettings: {
      'banners.disable': true,
      'alert.disableUpdateNotification': true,
      disablePushNotification: true,
      'schema.reloadOnStart': true,
    },
    initialWindows: exampleOperations.map((example) => toWindow(example, endpoint)),
    initialEnvironments: {
      activeSubEnvironment: PLAYER_ENVIRONMENT,
      base: { title: 'Global', variables: {} },
      subEnvironments: [{ id: PLAYER_ENVIRONMENT, title: 'Player', variables: { [AUTHORIZATION_VARIABLE]: '' } }],
    },
  };
  return `${REFUSE_EVALUATION}\n${renderInitSnippet(options)}\n${USE_OWN_FRAME}\n`;
}

function toWindow(example: ExampleOperation, endpoint: string) {
  return {
    initialName: example.name,
    endpointURL: endpoint,
    initialQuery: example.query,
    initialVariables: JSON.stringify(example.variables ?? {}, null, 2),
    initialHeaders: example.signsIn === true ? {} : { authorization: `{{${AUTHORIZATION_VARIABLE}}}` },
    initialPostRequestScript: example.signsIn === true ? KEEP_TOKEN : '',
  };
}
