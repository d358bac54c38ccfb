/**
 * What keeps the attacks of the table from succeeding, and how each is taken out of the build: `npm run
 * test:attack-removal` does so, one at a time, and looks whether every row turns red.
 */
import { join } from 'node:path';

const change = (file, text, replacement = '') => ({ file, text, replacement });
const defence = (name, ...changes) => ({ name, changes });

const MANY = '100000';
/** Limits that nobody reaches. @param attempts each rule up to its number */
const unlimited = (name, ...attempts) =>
  defence(name, ...attempts.map((text) => change('limits/rules.js', text, text.replace(/\d+$/, MANY))));

/** A condition that never holds. */
const never = (name, file, condition) => defence(name, change(file, `if (${condition}) {`, 'if (false) {'));

const OAUTH = 'node_modules/oauth4webapi/build/index.js';
/** What a library looks at, which the one between sees as well. */
const neverInOauth = (name, condition) => ({
  ...never(name, OAUTH, condition),
  packages: ['openid-client'],
});

const GENERATED = 'test/attack/authorisation.test.ts';

const transport = [
  defence('errors of requests have one shape', change('http/answers.js', 'http.setErrorHandler(', 'void (')),
  defence('unknown addresses have one answer', change('http/answers.js', 'http.setNotFoundHandler(', 'void (')),
  defence(
    'addresses that do not decode have the same answer',
    change('server.js', 'frameworkErrors: (error, _request, reply) => {', 'unused: (error, _request, reply) => {'),
  ),
  defence(
    'JSON alone is read',
    change(
      'server.js',
      'answerInJson(http, GRAPHQL_PATH, log);',
      `answerInJson(http, GRAPHQL_PATH, log);
    http.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) =>
      done(null, body.startsWith('query=') ? { query: body.slice(6) } : JSON.parse(body)));`,
    ),
  ),
  defence(
    'pages of other sites cannot ask (CSRF)',
    change('server.js', 'validationRules: [limitShape],', 'validationRules: [limitShape], csrfPrevention: false,'),
  ),
  defence(
    'mutations come by POST alone',
    change(
      'node_modules/@apollo/server/dist/esm/requestPipeline.js',
      "operation.operation !== 'query') {",
      'operation.operation === undefined) {',
    ),
  ),
  defence(
    'a request is one operation',
    change(
      'server.js',
      'validationRules: [limitShape],',
      'validationRules: [limitShape], allowBatchedHttpRequests: true,',
    ),
  ),
  defence(
    'no key reaches for a prototype',
    change(
      'server.js',
      'bodyLimit: MAX_BODY_BYTES,',
      "bodyLimit: MAX_BODY_BYTES, onProtoPoisoning: 'ignore', onConstructorPoisoning: 'ignore',",
    ),
  ),
  defence('bodies are bounded', change('server.js', 'bodyLimit: MAX_BODY_BYTES,', 'bodyLimit: 1e9,')),
  never('nothing is inflated', 'http/answers.js', "encoding !== undefined && encoding !== 'identity'"),
  defence('what is no HTTP has the same answer', change('server.js', 'clientErrorHandler: answerClientError,')),
  defence(
    'HTTP is read strictly (request smuggling)',
    change('server.js', 'bodyLimit: MAX_BODY_BYTES,', 'bodyLimit: MAX_BODY_BYTES, http: { insecureHTTPParser: true },'),
  ),
  defence(
    'browsers are told what an answer is',
    change('server.js', 'await addSecurityHeaders(http, config.production);'),
  ),
  defence('no cache keeps an answer', change('http/answers.js', "reply.header('cache-control', 'no-store');")),
  defence(
    'only pages of listed origins read answers',
    change('server.js', "origin: config.corsOrigins.includes('*') ? true : config.corsOrigins,", 'origin: true,'),
  ),
  defence(
    'production has no explorer',
    change('config.js', 'explorer: environment.EXPLORER ?? !production,', 'explorer: environment.EXPLORER ?? true,'),
  ),
];

const queryCost = [
  defence(
    'documents are bounded before they are parsed',
    change('server.js', 'parseOptions: { maxTokens: MAX_TOKENS },'),
  ),
  never('a document that is too deep is told as that', 'error-format.js', 'isTooDeep(formatted, original)'),
  defence('aliases are counted', change('limits/query-shape.js', 'aliases: 100,', `aliases: ${MANY},`)),
  defence('depth is bounded', change('limits/query-shape.js', 'depth: 16,', `depth: ${MANY},`)),
  defence('directives are counted', change('limits/query-shape.js', 'directives: 50,', `directives: ${MANY},`)),
  defence('root fields are counted', change('limits/query-shape.js', 'queries: 50,', `queries: ${MANY},`)),
  defence(
    'mutations of a request are counted',
    change('limits/query-shape.js', 'mutations: 10,', `mutations: ${MANY},`),
  ),
  defence('fragments are bounded', change('server.js', 'maxRecursiveSelections: MAX_SELECTIONS,')),
  never('what an answer could cost is bounded', 'limits/query-limits.js', 'total > MAX_COST'),
  never('pages are bounded', 'shared/connection.js', 'requested < 1 || requested > MAX_PAGE_SIZE'),
  never('ranges of days are bounded', 'visit/date-range.js', 'days > MAX_DAYS'),
  never('scores of a request are bounded', 'leaderboard/submission.service.js', 'size < 1 || size > MAX_BATCH'),
  defence(
    'production does not tell its schema',
    change(
      'config.js',
      'introspection: environment.INTROSPECTION ?? !production,',
      'introspection: environment.INTROSPECTION ?? true,',
    ),
  ),
  defence(
    'names of the schema are not suggested',
    change('server.js', 'hideSchemaDetailsFromClientErrors: !config.introspection,'),
    change(
      'server.js',
      'formatError: createErrorFormatter(log, config.introspection),',
      'formatError: createErrorFormatter(log, true),',
    ),
  ),
  defence(
    'production does not tell what an answer has cost',
    change('server.js', 'limitCost(!config.production),', 'limitCost(true),'),
  ),
  never(
    'with PERSISTED_ONLY, nothing else is answered',
    'server.js',
    'operations !== undefined && config.persistedOnly',
  ),
];

const enumeration = [
  defence(
    'a refused sign-in does not tell why',
    change(
      'account/account.service.js',
      'if (account === undefined || !check.valid) {',
      `if (account === undefined) { throw badInput('input.email', 'There is no such account.'); }
        if (!check.valid) {`,
    ),
  ),
  defence(
    'asking for a new password does not tell whose address it is',
    change(
      'account/password-reset.service.js',
      "await jobs.enqueue(em, ACCOUNT_MAIL, { kind: 'password-reset', email });",
      `if ((await queryOne(em, sql \`select id from users where lower(email) = lower(\${email})\`)) === undefined) {
        throw await refusal(em, 'password_resets', hashOneTimeToken(email), 'email');
    }`,
    ),
  ),
  defence(
    'changing an address does not tell whose it is',
    change(
      'account/email-verification.service.js',
      "const passwordHash = await confirmPassword(em, userId, password, 'input.password');",
      `if ((await queryOne(em, sql \`select id from users where lower(email) = lower(\${newEmail})\`)) !== undefined) {
        throw badInput('input.newEmail', 'Somebody has this address.');
    }
    const passwordHash = '';`,
    ),
  ),
  defence(
    'who is deleted is not found by id',
    change('account/user.loader.js', "::uuid[]) and ${isPresent('u')}", '::uuid[])'),
  ),
  defence(
    'who is deleted is not found by nickname',
    change('account/user.service.js', "(${nickname}) and ${isPresent('u')}", '(${nickname})'),
  ),
  defence(
    'who is deleted is not found by search',
    change('account/user.service.js', "\n        and ${isPresent('u')}\n", '\n'),
  ),
  defence(
    'who is blocked is not told',
    change(
      'friendship/friendship.service.js',
      'const standing = await decide(transaction, pair, sql `insert into',
      `if ((await queryOne(transaction, sql \`select blocker_id from blocks
            where blocker_id = \${pair.otherId} and blocked_id = \${pair.viewerId}\`)) !== undefined) {
            throw new AppError(ErrorCode.FORBIDDEN, 'This user has blocked you.');
        }
        const standing = await decide(transaction, pair, sql \`insert into`,
    ),
  ),
  {
    ...defence(
      'how long a sign-in is refused does not tell why',
      change('account/account.service.js', 'const REFUSAL_MILLISECONDS = 250;', 'const REFUSAL_MILLISECONDS = 0;'),
    ),
    file: 'test/attack/login-timing.test.ts',
    tests: 'how long',
  },
];

const bruteForce = [
  unlimited(
    'passwords of an account are counted by address',
    "login: [\n        { by: ['account', 'address'], attempts: 10",
  ),
  defence(
    'an email counts in any case of its letters',
    change('limits/limiter.js', 'account: account.toLowerCase()', 'account'),
  ),
  unlimited('passwords are counted by address', "{ by: ['address'], attempts: 100"),
  unlimited('passwords are counted by account', "{ by: ['account'], attempts: 50"),
  defence(
    'an IPv6 network counts as one address',
    change(
      'limits/address.js',
      "return isIPv6(plain) ? `${networkGroups(plain).join(':')}::/64` : 'unknown';",
      'return plain;',
    ),
  ),
  defence(
    'forwarding headers count from a trusted proxy alone',
    change('server.js', 'trustProxy: config.trustProxy,', 'trustProxy: true,'),
  ),
  unlimited('accounts are counted by address', "register: [{ by: ['address'], attempts: 20"),
  unlimited(
    'mails for new passwords are counted by address and account',
    "reset: [\n        { by: ['account', 'address'], attempts: 5",
  ),
  unlimited('mails for new passwords are counted by account', "{ by: ['account'], attempts: 20"),
  unlimited('mails that ask to confirm are counted', "verification: [\n        { by: ['player'], attempts: 5"),
  unlimited('tokens out of mails are counted', "mailedToken: [{ by: ['address'], attempts: 60"),
  unlimited('refreshes are counted by session', "{ by: ['session'], attempts: 60"),
  unlimited('passwords are counted by player, where one is signed in', "password: [{ by: ['player'], attempts: 10"),
  // Either of the two holds alone.
  unlimited(
    'deletions of an account are counted, and passwords by player',
    "password: [{ by: ['player'], attempts: 10",
    "deleteAccount: [{ by: ['player'], attempts: 10",
  ),
  unlimited('codes of sign-ins are counted', "signIn: [{ by: ['address'], attempts: 200"),
  unlimited('requests for friendship are counted', "friendRequest: [\n        { by: ['player'], attempts: 60"),
  unlimited('exports are counted', "accountExport: [{ by: ['player'], attempts: 10"),
  never('passwords that wait to be hashed are bounded', 'account/password.js', 'limit.pendingCount >= MAX_WAITING'),
  never('requests under way are bounded', 'limits/shedding.js', '!limit.admits(inFlight())'),
];

const sessions = [
  defence(
    'access tokens are verified',
    change(
      'account/token.js',
      'const { payload } = await jwtVerify(token, secret, {',
      "const payload = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()); void ({",
    ),
  ),
  defence('access tokens have one algorithm', change('account/token.js', "algorithms: ['HS256'],")),
  defence('access tokens have a type of their own', change('account/token.js', "typ: 'at+jwt',")),
  defence('access tokens are of this issuer', change('account/token.js', 'issuer: ISSUER,')),
  defence('access tokens are for this audience', change('account/token.js', 'audience: ISSUER,')),
  defence(
    'access tokens end',
    change('account/token.js', "algorithms: ['HS256'],", "algorithms: ['HS256'], clockTolerance: 1e9,"),
  ),
  defence(
    'a token that does not hold fails the request',
    change(
      'account/authentication.js',
      'const verified = await verifyAccessToken(tokenKey, token);',
      `const verified = await verifyAccessToken(tokenKey, token).catch(() => undefined);
    if (verified === undefined) {
        return { kind: 'anonymous' };
    }`,
    ),
  ),
  defence(
    'a header of another scheme fails the request',
    change(
      'account/authentication.js',
      'if (token === undefined) {',
      "if (token === undefined) {\n        return { kind: 'anonymous' };",
    ),
  ),
  defence(
    'signing out ends the session',
    change('account/account.resolver.js', 'await endSession(context.em, viewer.sessionId)', '0'),
  ),
  defence(
    'signing out everywhere ends every session',
    change(
      'account/account.resolver.js',
      'await endEverySession(context.em, viewer.id)',
      'await endSession(context.em, viewer.sessionId)',
    ),
  ),
  defence('nothing follows signing out in one request', change('context.js', 'this.session.ended = true;')),
  defence(
    'a session that was ended is refused',
    change(
      'account/session.service.js',
      'where s.revoked_at is null and s.expires_at > now()',
      'where s.expires_at > now()',
    ),
  ),
  defence(
    'a refused token is refused, whatever it says',
    change(
      'account/session.service.js',
      "and not exists (select from refused_tokens r where r.token_hash = decode(t.hash, 'hex'))",
    ),
  ),
  defence(
    'a refused token refreshes nothing',
    change(
      'account/session.service.js',
      'and not exists (select from refused_tokens r where r.token_hash = t.token_hash)',
    ),
  ),
  defence(
    'sessions are ended by their owner alone',
    change(
      'account/session-list.service.js',
      'and user_id = ${userId} and revoked_at is null',
      'and revoked_at is null',
    ),
  ),
  defence(
    'sessions end',
    change('account/session.service.js', 's.revoked_at is null and s.expires_at > now()', 's.revoked_at is null'),
  ),
  defence(
    'a changed password ends every other session',
    change('account/session.service.js', 'await endSessions(em, user.id, sessionId);'),
  ),
  defence(
    'a password set by mail ends every session',
    change('account/password-reset.service.js', 'await endSessions(transaction, owner.id);'),
  ),
  defence(
    'a deletion ends every session',
    change('account/account.service.js', 'await endSessions(transaction, userId);'),
    change('account/session.service.js', "s.expires_at > now()\n        and ${isPresent('u')}", 's.expires_at > now()'),
  ),
  defence(
    'who is suspended is out, whatever the token',
    change('account/session.service.js', "s.expires_at > now()\n        and ${isPresent('u')}", 's.expires_at > now()'),
  ),
  never('a password is changed by who knows it', 'account/confirm-password.js', '!valid'),
  never('a refresh token is good once', 'account/session.service.js', 'token.spent'),
  never('a refresh token used twice ends its session', 'account/session.service.js', '!atOnce'),
  never('refresh tokens end', 'account/session.service.js', 'token.expired'),
  defence(
    'a session that was ended is not refreshed',
    change(
      'account/session.service.js',
      't.token_hash = ${hash} and s.revoked_at is null and',
      't.token_hash = ${hash} and',
    ),
  ),
  defence(
    'a link that sets a password is good once',
    change(
      'account/password-reset.service.js',
      'select used_at is null and expires_at > now() as good',
      'select expires_at > now() as good',
    ),
    change(
      'account/password-reset.service.js',
      'and used_at is null and expires_at > now() returning',
      'and expires_at > now() returning',
    ),
  ),
  defence(
    'a link that sets a password ends',
    change(
      'account/password-reset.service.js',
      'select used_at is null and expires_at > now() as good',
      'select used_at is null as good',
    ),
    change(
      'account/password-reset.service.js',
      'and used_at is null and expires_at > now() returning',
      'and used_at is null returning',
    ),
  ),
  defence(
    'a link that confirms an address is good once',
    change(
      'account/email-verification.service.js',
      'and used_at is null and expires_at > now() returning',
      'and expires_at > now() returning',
    ),
  ),
  defence(
    'a link that confirms an address ends',
    change(
      'account/email-verification.service.js',
      'and used_at is null and expires_at > now() returning',
      'and used_at is null returning',
    ),
  ),
  defence(
    'a newer link takes the place of the one before',
    change(
      'account/email-verification.service.js',
      'delete from email_verifications where user_id = ${userId} and used_at is null',
      'delete from email_verifications where false and user_id = ${userId}',
    ),
  ),
  defence(
    'a service key that is none fails the request',
    change(
      'account/authentication.js',
      'if (found === undefined) {',
      "if (found === undefined) {\n        return { kind: 'service', scopes: ALL_SCOPES };",
    ),
  ),
  defence(
    'a service key that was revoked is refused',
    change('admin/api-key.service.js', '${hashOf(presented)} and revoked_at is null and', '${hashOf(presented)} and'),
  ),
  defence(
    'a service key that has expired is refused',
    change('admin/api-key.service.js', ' and (expires_at is null or expires_at > now())'),
  ),
  never(
    'a request comes from one caller',
    'account/authentication.js',
    'authorization !== undefined && apiKey !== undefined',
  ),
  defence(
    'a service key does what its scopes say',
    change(
      'context.js',
      'return caller.scopes.includes(scope) || caller.scopes.includes(Scope.ADMIN);',
      'return true;',
    ),
  ),
];

const authorisation = [
  never(
    'reserved nicknames are for nobody',
    'account/reserved-nickname.js',
    'await isReserved(em, nickname, reserved)',
  ),
  defence(
    'posts are edited by their authors',
    change('post/post.service.js', 'and p.author_id = ${authorId} and', 'and ${authorId}::uuid is not null and'),
  ),
  defence(
    'posts are deleted by their authors',
    change('post/post.service.js', 'const own = authorId === null ? undefined :', 'const own = true ? undefined :'),
  ),
  defence(
    'posts of who is not there are not there',
    change('post/post-list.service.js', "u.id = p.author_id and ${isPresent('u')} and", 'u.id = p.author_id and'),
  ),
  defence(
    'posts of who is blocked are not there',
    change('post/post-list.service.js', "${notDeleted('p')} and ${blocked}`", "${notDeleted('p')}`"),
  ),
  defence(
    'what is deleted is not there',
    change('post/post-list.service.js', "${notDeleted('p')} and ${blocked}`", '${blocked}`'),
  ),
  defence(
    'what is private is for its owner',
    change('account/account.resolver.js', 'return context.maySeePrivate(user.id) ?', 'return true ?'),
  ),
  never('friends are for their owner', 'friendship/user-friendship.resolver.js', '!context.maySeePrivate(user.id)'),
  never('scores are for their owner', 'leaderboard/score.resolver.js', '!context.maySeePrivate(user.id)'),
  defence(
    'visits are for their owner',
    change(
      'visit/visit.resolver.js',
      'return context.maySeePrivate(user.id) ? context.loader(visitsLoader)',
      'return true ? context.loader(visitsLoader)',
    ),
  ),
  defence(
    'streaks are for their owner',
    change(
      'visit/visit.resolver.js',
      'return context.maySeePrivate(user.id) ? context.loader(visitStreakLoader)',
      'return true ? context.loader(visitStreakLoader)',
    ),
  ),
  defence(
    'how many players come is for admins',
    change('visit/visit.resolver.js', 'context.require(Scope.USERS_READ);'),
  ),
  defence('what admins do is for admins', change('admin/actor.js', 'context.require(Scope.ADMIN);')),
  defence('the audit log is for admins', change('admin/audit-log.resolver.js', 'context.require(Scope.ADMIN);')),
  defence(
    'scores are submitted for oneself',
    change('leaderboard/score.resolver.js', 'context.require(Scope.SCORES_WRITE, field);'),
  ),
  defence(
    'a request is answered by who was asked',
    change(
      'friendship/friendship.service.js',
      "and f.status = 'pending' and f.requester_id = ${pair.otherId} and not",
      "and f.status = 'pending' and not",
    ),
  ),
  {
    ...defence(
      'what takes somebody who is signed in does nothing for nobody',
      change(
        'context.js',
        "throw new AppError(ErrorCode.UNAUTHENTICATED, 'Sign in first: send an access token as a bearer token.');",
        "return { kind: 'user', id: '00000000-0000-7000-8000-000000000000', sessionId: '00000000-0000-7000-8000-000000000000' };",
      ),
    ),
    file: GENERATED,
    tests: 'does nothing for nobody|tells nobody what is private',
  },
  {
    ...defence(
      'what takes a player is not for a service key',
      change(
        'context.js',
        "throw new AppError(ErrorCode.FORBIDDEN, 'A service key cannot do this; it takes a signed-in user.');",
        "return { kind: 'user', id: '00000000-0000-7000-8000-000000000000', sessionId: '00000000-0000-7000-8000-000000000000' };",
      ),
    ),
    file: GENERATED,
    tests: 'is not for a service key',
  },
  {
    ...defence(
      'what is private of a player is for its owner, field by field',
      change(
        'context.js',
        'return this.viewerId === userId || this.may(Scope.USERS_READ);',
        'return true || this.viewerId === userId;',
      ),
    ),
    file: GENERATED,
    tests: 'of somebody else, to|nothing of an account is there for others',
  },
];

const injection = [
  defence(
    'a nickname to look up is a parameter',
    change(
      'account/user.service.js',
      'laurel_nickname_key(${nickname})',
      "laurel_nickname_key(${sql.raw(`'${nickname}'`)})",
    ),
  ),
  defence(
    'a prefix of nicknames is a parameter',
    change(
      'account/user.service.js',
      '>= laurel_nickname_key(${prefix})',
      ">= laurel_nickname_key(${sql.raw(`'${prefix}'`)})",
    ),
  ),
  defence(
    'the slug of a board is a parameter',
    change(
      'leaderboard/leaderboard.loader.js',
      'any(${slugs}::text[])',
      "any(${sql.raw(`'{${slugs.join()}}'`)}::text[])",
    ),
  ),
  defence(
    'an email to sign in with is a parameter',
    change(
      'account/account.service.js',
      '${input.email.toLowerCase()} and ${standing}',
      "${sql.raw(`'${input.email.toLowerCase()}'`)} and ${standing}",
    ),
  ),
  defence(
    'ids are looked at before they are asked for',
    change('account/account.resolver.js', 'return isId(id) ?', 'return true ?'),
    change('account/user.loader.js', '${ids.filter(isId)}', '${ids}'),
  ),
  never(
    'what is in a cursor is looked at',
    'shared/cursor.js',
    "key.length !== list.key.length || !list.key.every((part, index) => CHECKS[part](key[index] ?? ''))",
  ),
  never('a cursor belongs to one list', 'shared/cursor.js', 'owner !== fingerprint(list)'),
  defence(
    'every character of a prefix is literal',
    change(
      'account/user.service.js',
      'where u.nickname_key >= laurel_nickname_key(${prefix})\n        and u.nickname_key < laurel_nickname_key(${prefix}) || chr(${sql.lit(MAX_CODE_POINT)})',
      "where u.nickname_key like ${prefix} || '%'",
    ),
  ),
  defence(
    'text in a query is never compiled',
    change(
      'execution/eligibility.js',
      'const HARMLESS_TEXT = /^[A-Za-z0-9 .:-]*$/;',
      'const HARMLESS_TEXT = /^[^]*$/;',
    ),
  ),
  never('text has no NUL in it', 'shared/scalars.js', "value.includes('\\0')"),
  never('text is well-formed', 'shared/scalars.js', '!value.isWellFormed()'),
  never('an email is an address', 'account/account-rules.js', '!isEmail(email)'),
  never('nicknames have no control characters', 'account/nickname.js', 'CONTROL.test(nickname)'),
  never(
    'nicknames have no invisible characters',
    'account/nickname.js',
    'parts.some((part) => INVISIBLE.test(part) && !EMOJI.test(part))',
  ),
  defence('pictures are http addresses', change('shared/scalars.js', 'return isHttpUrl(value)\n', 'return true\n')),
  defence('time zones have known names', change('shared/scalars.js', 'return isTimeZone(value) ?', 'return true ?')),
  defence(
    'mails are plain text without what players wrote',
    change(
      'mail/mailer.js',
      'send: async (mail) => {\n                await transport.sendMail(mail);',
      'send: async (mail) => {\n                await transport.sendMail({ ...mail, html: `<p>${mail.text}</p>` });',
    ),
  ),
  defence(
    'the log has lines of its own alone',
    change(
      'identity/sign-in.routes.js',
      "log.warn({ provider: name, word, detail }, 'A provider could not be signed in with');",
      'process.stdout.write(`${detail}\\n`);',
    ),
  ),
];

const signIn = [
  defence(
    'a sign-in returns to listed addresses alone',
    change(
      'identity/return-address.js',
      'export function isAllowedReturn(address, allowed) {',
      "export function isAllowedReturn(address, allowed) {\n    if (typeof address === 'string') {\n        return true;\n    }",
    ),
  ),
  defence(
    'who comes back is who went (state)',
    change(
      'identity/sign-in-attempt.js',
      'where state_hash = ${hashOneTimeToken(state)} and browser_hash',
      'where browser_hash',
    ),
  ),
  defence(
    'the way back is for the browser that began',
    change('identity/sign-in-attempt.js', ' and browser_hash = ${hashOneTimeToken(browser)}'),
  ),
  defence(
    'the way back is there once',
    change(
      'identity/sign-in-attempt.js',
      'delete from sign_in_attempts\n',
      'update sign_in_attempts set expires_at = expires_at\n',
    ),
  ),
  defence(
    'the way back is of one provider (mix-up)',
    change('identity/sign-in-attempt.js', 'and provider = ${provider} and expires_at', 'and expires_at'),
  ),
  defence(
    'the way back ends',
    change(
      'identity/sign-in-attempt.js',
      'and provider = ${provider} and expires_at > now()',
      'and provider = ${provider}',
    ),
  ),
  neverInOauth('an ID token is of this sign-in (nonce)', 'claims.nonce !== expected'),
  neverInOauth('an ID token is of this provider (iss)', 'result.claims.iss !== expected'),
  {
    ...defence(
      'an ID token is for this server (aud)',
      change(OAUTH, 'else if (result.claims.aud !== expected) {', 'else if (false) {'),
    ),
    packages: ['openid-client'],
  },
  neverInOauth('an ID token ends (exp)', 'claims.exp <= now - clockTolerance'),
  defence(
    'an ID token is signed by the provider',
    change('identity/provider.js', 'execute: [enableNonRepudiationChecks, ...insecure],', 'execute: insecure,'),
  ),
  defence(
    'a code of the provider is for who asked (PKCE, nonce)',
    change(
      'identity/sign-in.service.js',
      'nonce: newSecret(), verifier: newSecret() }',
      "nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) }",
    ),
  ),
  never(
    'an account is signed in to by an email that both vouch for',
    'identity/identity-account.js',
    'owner !== undefined && !(owner.verified && emailVerified)',
  ),
  defence(
    'words of providers are not passed on',
    change(
      'identity/sign-in.routes.js',
      'return reply.redirect(returnWith(returnUrl, { error: word }), HTTP_FOUND);',
      'return reply.redirect(returnWith(returnUrl, { error: detail ?? word }), HTTP_FOUND);',
    ),
  ),
  defence(
    'a code is good once',
    change(
      'identity/sign-in-code.js',
      'delete from sign_in_codes\n      where code_hash = ${hashOneTimeToken(code)} and link is null',
      'update sign_in_codes set expires_at = expires_at\n      where code_hash = ${hashOneTimeToken(code)} and link is null',
    ),
  ),
  defence(
    'a code ends',
    change('identity/sign-in-code.js', 'and link is null and expires_at > now()', 'and link is null'),
  ),
  defence(
    'a link is finished by who asked for it',
    change('identity/sign-in-code.js', ' and user_id = ${userId} and link is not null', ' and link is not null'),
  ),
  defence(
    'a code of a link signs nobody in',
    change('identity/sign-in-code.js', 'and link is null and expires_at', 'and expires_at'),
  ),
  defence(
    'the cookie of a sign-in is for this server alone',
    change('identity/browser-cookie.js', 'HttpOnly; SameSite=Lax', 'SameSite=None'),
  ),
];

const secrets = [
  never('production takes a token secret', 'config/problems.js', 'environment.TOKEN_SECRET === undefined'),
  never('secrets have 32 bytes', 'config/problems.js', 'Buffer.byteLength(secret) < MIN_SECRET_BYTES'),
  never('secrets of examples are refused', 'config/problems.js', 'EXAMPLE_SECRETS.has(secret)'),
  never('production takes a PostgreSQL server', 'config/problems.js', 'environment.DATABASE_URL === undefined'),
  never(
    'mails take the address of the game',
    'config/problems.js',
    'environment.SMTP_URL !== undefined && environment.APP_URL === undefined',
  ),
  never(
    'the password of the admin has twelve characters',
    'config/admin-settings.js',
    'password !== undefined && !/^.{12,128}$/su.test(password)',
  ),
  defence(
    'an admin is set whole',
    change('config/admin-settings.js', 'if (missing.length === NAMES.length) {', 'if (missing.length > 0) {'),
  ),
  defence(
    'providers are asked by https',
    change('identity/provider-settings.js', ".refine(isHttpsOrLoopback, 'must be an https address')"),
  ),
  never(
    'people sign in by https',
    'config/problems.js',
    'publicUrl !== undefined && URL.canParse(publicUrl) && !isHttpsOrLoopback(publicUrl)',
  ),
  defence(
    'sign-ins return by https, or to a program',
    change('identity/return-address.js', '(web ? isHttpsOrLoopback(address) : !FORBIDDEN_SCHEMES.has(protocol)) && '),
  ),
  defence(
    'PERSISTED_ONLY takes a list',
    change(
      'config/problems.js',
      "environment.PERSISTED_ONLY === 'true' && environment.PERSISTED_OPERATIONS === undefined",
      'false',
    ),
  ),
].map((of) => ({ ...of, file: 'test/attack/starts.test.ts' }));

export const defences = [
  ...transport,
  ...queryCost,
  ...enumeration,
  ...bruteForce,
  ...sessions,
  ...authorisation,
  ...injection,
  ...signIn,
  ...secrets,
];

export function sourceOf(file, dist, nodeModules) {
  return file.startsWith('node_modules/')
    ? join(nodeModules, file.slice('node_modules/'.length))
    : join(dist, 'src', file);
}
