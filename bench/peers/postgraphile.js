/*
 * PostGraphile 5 with its Amber preset on Grafserv for Node, as its documentation has it for production: no watch
 * mode, no explorer, no explain, one process. Whose request it is comes from the access token and reaches the SQL
 * by `pgSettings`, which is PostGraphile's own way.
 */
import { createServer } from 'node:http';
import { jwtVerify } from 'jose';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { POOL_SIZE, TOKEN_SECRET } from '../laurel.js';

const { DATABASE_URL, PORT } = process.env;
const secret = Buffer.from(TOKEN_SECRET);

const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [makePgService({ connectionString: DATABASE_URL, schemas: ['peer'], poolConfig: { max: POOL_SIZE } })],
  gather: { installWatchFixtures: false },
  grafast: {
    explain: false,
    context: async ({ node }) => {
      const header = node?.req.headers.authorization;
      if (header === undefined) {
        return {};
      }
      const { payload } = await jwtVerify(header.slice('Bearer '.length), secret, { algorithms: ['HS256'] });
      return { pgSettings: { 'laurel.user_id': payload.sub, 'laurel.session_id': payload.sid } };
    },
  },
  grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false },
};

const server = createServer();
await postgraphile(preset).createServ(grafserv).addTo(server);
server.listen(Number(PORT), '127.0.0.1');
