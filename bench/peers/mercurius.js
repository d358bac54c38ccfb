/*
 * What a careful hand makes of two queries alone: Mercurius with its JIT, and for each query one SQL statement written
 * for it, prepared by name. No accounts, no loaders, no limits: it shows what Node can do at most.
 */
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { Pool } from 'pg';
import { POOL_SIZE } from '../laurel.js';

const { DATABASE_URL, PORT } = process.env;

const schema = `
  type Query { leaderboard(slug: String = "monthly"): Leaderboard }
  type Leaderboard { currentSeason: Season! }
  type Season { standings(first: Int = 50): StandingConnection!  standing(userId: ID!): Standing }
  type StandingConnection { nodes: [Standing!]! }
  type Standing { rank: Int! score: Float! user: User! }
  type User { nickname: String! }
`;

const season = `select s.id from seasons s join leaderboards l on l.id = s.leaderboard_id
  where l.slug = $1 and s.starts_at <= now() and s.ends_at > now()`;

const PAGE = {
  name: 'page',
  text: `select (rank() over (order by s.sort_score))::int as rank, s.score, u.nickname
    from (
      select user_id, score, sort_score, achieved_at from standings
      where season_id = (${season}) and ranked order by sort_score, achieved_at, user_id limit $2
    ) s join users u on u.id = s.user_id
    order by s.sort_score, s.achieved_at, s.user_id`,
};

const RANK = {
  name: 'rank',
  text: `select s.score, 1 + (
      select count(*)::int from standings b
      where b.season_id = s.season_id and b.ranked and b.sort_score < s.sort_score
    ) as rank
    from standings s where s.season_id = (${season}) and s.user_id = $2 and s.ranked`,
};

const pool = new Pool({ connectionString: DATABASE_URL, max: POOL_SIZE });

const resolvers = {
  Query: { leaderboard: (_root, { slug }) => ({ currentSeason: { slug } }) },
  Season: {
    standings: async ({ slug }, { first }) => {
      const { rows } = await pool.query({ ...PAGE, values: [slug, first] });
      return { nodes: rows.map(({ rank, score, nickname }) => ({ rank, score: Number(score), user: { nickname } })) };
    },
    standing: async ({ slug }, { userId }) => {
      const { rows } = await pool.query({ ...RANK, values: [slug, userId] });
      return rows[0] && { rank: rows[0].rank, score: Number(rows[0].score) };
    },
  },
};

const app = Fastify();
await app.register(mercurius, { schema, resolvers, jit: 1 });
await app.listen({ port: Number(PORT), host: '127.0.0.1' });
