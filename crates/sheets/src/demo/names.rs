//! Invented names: surnames by how common they are, given names by generation.

use super::rng::Rng;

const COMMON: &[&str] = &[
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田",
    "董", "袁", "潘", "蒋", "蔡", "余",
];

/// Surnames whose reading trips up a search, and compound ones.
const RARE: &[&str] =
    &["单", "仇", "解", "曾", "区", "查", "朴", "任", "华", "覃", "乐", "翟", "盖", "欧阳", "尉迟", "司马"];

const ELDER_MEN: &[&str] =
    &["德", "福", "贵", "长", "正", "国", "光", "明", "兴", "发", "朝", "永", "文", "启", "清"];
const ELDER_MEN_2: &[&str] =
    &["全", "生", "才", "云", "林", "华", "金", "富", "山", "海", "田", "祥", "根", "友", "安"];
const ELDER_WOMEN: &[&str] =
    &["秀", "玉", "桂", "素", "淑", "翠", "凤", "兰", "月", "春", "菊", "荷", "碧", "英", "珍"];
const ELDER_WOMEN_2: &[&str] =
    &["英", "珍", "芳", "兰", "琼", "华", "群", "清", "莲", "香", "蓉", "容", "芝", "碧", "贞"];
const MEN: &[&str] =
    &["建", "志", "永", "小", "大", "晓", "伟", "俊", "海", "学", "成", "立", "世", "家", "东"];
const MEN_2: &[&str] =
    &["军", "强", "平", "勇", "林", "刚", "波", "涛", "斌", "辉", "华", "明", "峰", "松", "宏"];
const WOMEN: &[&str] =
    &["晓", "红", "小", "丽", "春", "雪", "海", "燕", "艳", "冬", "文", "桂", "琼", "敏", "慧"];
const WOMEN_2: &[&str] =
    &["梅", "霞", "丽", "燕", "琴", "萍", "玲", "芳", "娟", "蓉", "敏", "莉", "英", "兰", "凤"];
const CHILDREN: &[&str] =
    &["子", "梓", "雨", "欣", "浩", "诗", "宇", "思", "佳", "一", "可", "嘉", "若", "沐", "晨"];
const CHILDREN_2: &[&str] =
    &["涵", "轩", "怡", "然", "辰", "萱", "航", "琪", "瑶", "豪", "彤", "睿", "悦", "宸", "妍"];

/// A surname: one in eight is rare.
pub(super) fn surname(rng: &mut Rng) -> &'static str {
    if rng.chance(125) { rng.pick(RARE) } else { rng.pick(COMMON) }
}

/// A given name that fits year of birth and sex.
pub(super) fn given(rng: &mut Rng, born: u32, male: bool) -> String {
    let (first, second) = match (born, male) {
        (..=1969, true) => (ELDER_MEN, ELDER_MEN_2),
        (..=1969, false) => (ELDER_WOMEN, ELDER_WOMEN_2),
        (..=2004, true) => (MEN, MEN_2),
        (..=2004, false) => (WOMEN, WOMEN_2),
        _ => (CHILDREN, CHILDREN_2),
    };
    let one = rng.pick(second);
    if rng.chance(150) {
        return one.to_owned();
    }
    let two = rng.pick(first);
    if two == one { one.to_owned() } else { format!("{two}{one}") }
}
