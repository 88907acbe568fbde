// The records that everybody saves: the same content for ours and for the peers, the same in every run.

/** A small generator of numbers: the same seed, the same numbers (mulberry32). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = (next, list) => list[Math.floor(next() * list.length)];
const hex = (next, digits) => {
  let text = '';
  while (text.length < digits) text += Math.floor(next() * 0x10000).toString(16).padStart(4, '0');
  return text.slice(0, digits);
};

/** The village in which everything lies. */
export const AREA = '510000100201';

const START = Date.UTC(2026, 3, 1);
const WORDS = ['老人按时服药', '门前排水沟已清', '孩子在镇上住校', '屋后边坡无变化', '电线已请人换过', '问起医保缴费'];

function id(next, at) {
  return at.toString(16).padStart(12, '0') + hex(next, 20);
}

const pad = (n) => String(n).padStart(2, '0');

function local(at) {
  const day = new Date(at + 8 * 3600 * 1000);
  const date = `${day.getUTCFullYear()}-${pad(day.getUTCMonth() + 1)}-${pad(day.getUTCDate())}`;
  return `${date}T${pad(day.getUTCHours())}:${pad(day.getUTCMinutes())}`;
}

/** One visit: its id, and the values a grid worker fills in. */
function visit(next, n) {
  const at = START + n * 60_000;
  return {
    id: id(next, at),
    values: {
      household: id(next, START),
      visit_at: local(at),
      mode: pick(next, ['in_home', 'in_home', 'in_home', 'phone']),
      purposes: [pick(next, ['daily', 'care_poor', 'policy', 'follow_up'])],
      met: pick(next, ['head', 'family']),
      well_being: pick(next, ['good', 'good', 'fair']),
      fire_ok: 'ok',
      power_gas_ok: 'ok',
      house_ok: 'ok',
      geo_ok: pick(next, ['ok', 'unchecked']),
      water_safety_ok: 'ok',
      fraud_ok: 'ok',
      remark: pick(next, WORDS),
    },
  };
}

/** `count` visits from `seed`. */
export function visits(seed, count) {
  const next = numbers(seed);
  return Array.from({ length: count }, (_, n) => visit(next, n));
}

/** As the peers keep a visit: one flat document. */
export function document({ id, values }) {
  return { id, type: 'visit', form: 'F-VISIT/1', area: AREA, state: 'visited', ...values };
}

/** As ours takes a visit: one line of JSON. */
export function line({ id, values }) {
  const create = { type: 'visit', form: 'F-VISIT/1', state: 'visited', place: { area: AREA }, set: values };
  return JSON.stringify({ id, create });
}

const SURNAMES = ['王', '李', '张', '单', '曾', '仇', '解', '区', '罗', '何', '邓', '蒋'];
const GIVEN = ['建国', '秀英', '志强', '桂芳', '小兰', '永福', '春梅', '德明', '玉珍', '思远'];
const name = (next) => pick(next, SURNAMES) + pick(next, GIVEN);

/** `count` invented households, as ours takes them: one line of JSON each. */
export function households(seed, count) {
  const next = numbers(seed);
  return Array.from({ length: count }, (_, n) => {
    const set = {
      address_text: `青禾镇桂花村${1 + (n % 12)}组${n + 1}号`,
      door_no: `${n + 1}号`,
      residence_type: pick(next, ['permanent', 'permanent', 'away']),
      status: 'active',
    };
    const members = 2 + Math.floor(next() * 4);
    for (let row = 0; row < members; row += 1) {
      const at = `members/${hex(next, 20)}/`;
      set[`${at}name`] = name(next);
      set[`${at}relation`] = row === 0 ? 'head' : pick(next, ['spouse', 'son', 'daughter', 'parent']);
      set[`${at}sex`] = pick(next, ['male', 'female']);
      set[`${at}phone`] = `19900${String(Math.floor(next() * 1e6)).padStart(6, '0')}`;
    }
    const create = { type: 'household', form: 'F-HOUSEHOLD/1', place: { area: AREA }, set };
    return JSON.stringify({ id: id(next, START + n), create });
  });
}

const FOUND = ['屋后边坡有新裂缝', '桥栏杆松动', '水塘没有警示牌', '电线老化外露', '路面塌陷一处', '树枝压着房檐'];

/** `count` reported hazards of `area`, as ours takes them: one line of JSON each. */
export function hazards(seed, count, area) {
  const next = numbers(seed);
  return Array.from({ length: count }, (_, n) => {
    const set = {
      desc: `${pick(next, FOUND)}，第${n + 1}处`,
      level: pick(next, ['blue', 'blue', 'yellow']),
      address_text: `${1 + (n % 12)}组${n + 1}号附近`,
    };
    const create = { type: 'hazard', form: 'F-HAZARD/1', state: 'submitted', place: { area }, set };
    return JSON.stringify({ id: id(next, START + n), create });
  });
}
