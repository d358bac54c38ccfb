/** The demo login's, which no combination below makes. */
export const DEMO_NICKNAME = '데모';

interface Words {
  first: readonly string[];
  second: readonly string[];
}

const words = (first: string, second: string): Words => ({ first: first.split(' '), second: second.split(' ') });

const korean = words(
  '용감한 빠른 졸린 신나는 푸른 배고픈 수줍은 느긋한 행복한 조용한 씩씩한 반짝이는 엉뚱한 다정한 날쌘 든든한 똑똑한 꼼꼼한 따뜻한 새침한',
  '호랑이 토끼 고양이 강아지 다람쥐 고래 여우 곰 수달 펭귄 두루미 거북이 사슴 참새 너구리 올빼미 나비 판다 코끼리 해달',
);
const latin = words(
  'Swift Brave Sleepy Lucky Quiet Sunny Clever Cosmic Gentle Mighty Velvet Golden Señor Élan Flying Frozen Merry Noble Rapid Tiny',
  'Otter Falcon Badger Fox Heron Lynx Panda Raven Tiger Wolf Ñandú Bär Koala Moose Newt Owl Puma Stoat Whale Yak',
);
const japanese = words(
  'ねむい 青い 速い 静かな 元気な 小さな 大きな 赤い 白い 黒い 甘い 強い 優しい 丸い 若い 深い 高い 明るい 涼しい 不思議な',
  '猫 犬 狐 狸 兎 熊 鯨 鶴 亀 鹿 梟 蝶 桜 竜 虎 狼 雀 月 ホシ かぜ',
);
const cyrillic = words(
  'Быстрый Тихий Смелый Весёлый Сонный Добрый Хитрый Рыжий Синий Белый Лунный Звёздный Ловкий Мудрый Снежный Дикий Яркий Гордый Юный Лесной',
  'Волк Кот Лис Медведь Заяц Барсук Енот Ёж Сокол Дракон Тигр Бобр Олень Филин Кит Лев Пингвин Журавль Хомяк Ворон',
);
const emoji = words(
  '🦊 🐼 🐯 🐸 🦉 🐳 🦄 🐢 🍀 🌙 ⭐ 🔥 🎮 🎲 🚀 🧑‍🚀 🐻‍❄️ ❤️ 🏳️‍🌈 🐈‍⬛',
  'mina juno leo kai nova haru sol ari teo luna remy yuki noa ivo zoe max ada finn ines omar',
);

/** Every tenth player has a nickname of the same kind. */
const CYCLE = [korean, latin, korean, japanese, korean, cyrillic, korean, latin, korean, emoji];
/** How often each entry's kind occurs before it in the cycle, and in all of it. */
const PLACES = CYCLE.map((kind, place) => ({
  kind,
  before: CYCLE.slice(0, place).filter((other) => other === kind).length,
  inCycle: CYCLE.filter((other) => other === kind).length,
}));

/** Prime to every number of combinations, so that each comes up once before the first comes up again. */
const STEP = 149;

/**
 * The nickname of demo player `number`, counted from 1: valid, and unlike any other's, whatever the case or width.
 * Once its combinations are used up, a kind goes on with a number at the end.
 */
export function demoNickname(number: number): string {
  if (number === 1) {
    return DEMO_NICKNAME;
  }
  const position = number - 2;
  const { kind, before, inCycle } = PLACES[position % CYCLE.length]!;
  const index = Math.floor(position / CYCLE.length) * inCycle + before;
  const combinations = kind.first.length * kind.second.length;
  const combination = (index * STEP) % combinations;
  const first = kind.first[combination % kind.first.length]!;
  const second = kind.second[Math.floor(combination / kind.first.length)]!;
  const round = Math.floor(index / combinations);
  return `${first}${second}${round === 0 ? '' : round + 1}`;
}
