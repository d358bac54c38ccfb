import { DEMO_LOGIN } from '../seed/seed.service.js';

/** An operation that stands ready in a tab of the explorer. */
export interface ExampleOperation {
  /** Title of the tab. */
  name: string;
  query: string;
  variables?: Record<string, unknown>;
  /** Whether the token in its answer is to be sent with the other tabs' requests. */
  signsIn?: boolean;
}

/** From left to right; the explorer opens on the last one. */
export const exampleOperations: ExampleOperation[] = [
  {
    name: 'Sign in',
    signsIn: true,
    variables: { input: { email: DEMO_LOGIN.email, password: DEMO_LOGIN.password } },
    query: `# Signs in as the demo player: the other tabs then act as that player.
# The token expires after 15 minutes; then sign in again.
mutation SignIn($input: LoginInput!) {
  login(input: $input) {
    accessToken
    accessTokenExpiresAt
    refreshToken
    user {
      id
      nickname
    }
  }
}
`,
  },
  {
    name: 'Leaderboard',
    variables: { first: 10, after: null },
    query: `# The best of this month. For the next page, put pageInfo.endCursor
# into the variable "after".
query ThisMonth($first: Int, $after: String) {
  leaderboard {
    title
    order
    aggregation
    currentSeason {
      key
      startsAt
      endsAt
      standings(first: $first, after: $after) {
        totalCount
        pageInfo {
          hasNextPage
          endCursor
        }
        nodes {
          rank
          position
          score
          achievedAt
          tiedWith
          user {
            nickname
            viewerFriendship
          }
        }
      }
    }
    seasons(first: 3) {
      nodes {
        key
        isClosed
      }
    }
  }
}
`,
  },
  {
    name: 'Friends',
    query: `# The signed-in player's friends and their ranks, and requests both ways.
query Friends {
  viewer {
    nickname
    friends(first: 20) {
      totalCount
      edges {
        friendsSince
        node {
          id
          nickname
          standing {
            rank
            score
          }
        }
      }
    }
    account {
      incoming: friendRequests(direction: INCOMING) {
        nodes {
          createdAt
          requester {
            id
            nickname
          }
        }
      }
      outgoing: friendRequests(direction: OUTGOING) {
        nodes {
          createdAt
          receiver {
            id
            nickname
          }
        }
      }
    }
  }
}
`,
  },
  {
    name: 'Submit a score',
    variables: { input: { score: 4200 } },
    query: `# Submits a score of the signed-in player to this month's leaderboard,
# which keeps the best one.
mutation SubmitScore($input: SubmitScoreInput!) {
  submitScore(input: $input) {
    improved
    previousScore
    previousRank
    score {
      id
      value
      createdAt
    }
    standing {
      rank
      position
      percentile
      score
      achievedAt
    }
  }
}
`,
  },
  {
    name: 'Home screen',
    query: `# A home screen in one request: me, my friends and requests, my rank,
# my neighbours, my friends' board and the top of this month.
# Without signing in, the public part answers.
query HomeScreen {
  viewer {
    nickname
    visitStreak {
      current
      longest
    }
    account {
      friendRequests(direction: INCOMING) {
        totalCount
        nodes {
          createdAt
          requester {
            nickname
          }
        }
      }
    }
    friends(first: 20) {
      totalCount
      nodes {
        nickname
        standing {
          rank
          score
        }
      }
    }
  }
  leaderboard {
    title
    currentSeason {
      key
      endsAt
      viewerStanding {
        rank
        position
        percentile
        score
      }
      around(radius: 3) {
        nodes {
          position
          score
          user {
            nickname
          }
        }
      }
      friendStandings(first: 10) {
        edges {
          rankInList
          node {
            score
            user {
              nickname
            }
          }
        }
      }
      standings(first: 50) {
        totalCount
        nodes {
          rank
          score
          user {
            nickname
          }
        }
      }
    }
  }
}
`,
  },
];
