import { toRow } from './answer.js';
import { userId } from '../ids.js';
import { allViewers, viewerSetting, viewerValues } from './viewers.js';

/** All that a game's home screen shows, for a signed-in player. */
export const home = {
  name: 'home',
  title: 'the home screen in one query',
  inputs: allViewers,
  servers: {
    laurel: {
      query: `{
        viewer {
          nickname
          visitStreak { current }
          account { friendRequests(direction: INCOMING, first: 20) { totalCount nodes { requester { nickname } } } }
          friends(first: 20) { nodes { nickname standing { rank score } } }
        }
        leaderboard(slug: "monthly") {
          currentSeason {
            viewerStanding { rank position score }
            around(radius: 3) { nodes { position user { nickname } } }
            friendStandings(first: 10) { nodes { rank score user { nickname } } }
            standings(first: 50) { nodes { rank score user { nickname } } }
          }
        }
      }`,
      variables: () => undefined,
      answer: ({ viewer, leaderboard: { currentSeason } }) => ({
        nickname: viewer.nickname,
        streak: viewer.visitStreak.current,
        requestCount: viewer.account.friendRequests.totalCount,
        requests: viewer.account.friendRequests.nodes.map(({ requester }) => requester.nickname),
        friends: viewer.friends.nodes.map(({ nickname, standing }) => toRow({ ...standing, user: { nickname } })),
        own: toRow(currentSeason.viewerStanding),
        around: currentSeason.around.nodes.map(toRow),
        friendBoard: currentSeason.friendStandings.nodes.map(toRow),
        top: currentSeason.standings.nodes.map(toRow),
      }),
    },
    postgraphile: {
      query: `query ($id: UUID!) {
        viewerList { nickname }
        visitStreak
        incomingRequestCount
        incomingRequestsList(size: 20) { nickname }
        friendsByNicknameList(size: 20) { rank score nickname }
        placeOfList(playerId: $id) { rank position score }
        placesAroundList(radius: 3) { position nickname }
        friendPlacesList(size: 10) { rank score nickname }
        topPlacesList(size: 50) { rank score nickname }
      }`,
      variables: ({ viewer }) => ({ id: userId(viewer) }),
      answer: (data) => ({
        nickname: data.viewerList[0].nickname,
        streak: data.visitStreak,
        requestCount: data.incomingRequestCount,
        requests: data.incomingRequestsList.map(({ nickname }) => nickname),
        friends: data.friendsByNicknameList.map(toRow),
        own: toRow(data.placeOfList[0]),
        around: data.placesAroundList.map(toRow),
        friendBoard: data.friendPlacesList.map(toRow),
        top: data.topPlacesList.map(toRow),
      }),
    },
  },
  transaction: (players, inputs) => ({ settings: viewerSetting(players), values: viewerValues(inputs) }),
};
