/** A standing as answers are compared: big numbers as numbers, and only what was asked for. */
export function toRow({ rank, position, score, user, nickname = user?.nickname }) {
  return {
    ...(rank !== undefined && { rank: Number(rank) }),
    ...(position !== undefined && { position: Number(position) }),
    ...(score !== undefined && { score: Number(score) }),
    ...(nickname !== undefined && { nickname }),
  };
}
