//! Staff of the township: who walks, who registers, who handles.

use gridbook_domain::import::Vocabulary;

use super::places::Village;
use super::rng::Rng;
use super::{BIG_VILLAGE, Fields, TOWNSHIP, label, names};

/// An account that demos and tests sign in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// Its name.
    pub user: &'static str,
    /// Role id.
    pub role: &'static str,
    /// Area code; empty for handlers of units.
    pub area: &'static str,
    /// Unit code; empty for everybody else.
    pub unit: &'static str,
    /// What to try with it, in Chinese.
    pub about: &'static str,
}

const fn account(user: &'static str, role: &'static str, area: &'static str, about: &'static str) -> Account {
    Account { user, role, area, unit: "", about }
}

/// The accounts of the demo, one for each part in the loop.
pub const fn accounts() -> [Account; 12] {
    [
        account("zhuli01", "village_assistant", "510000100201001", "村务助理：柳溪村1组"),
        account("zhuli02", "village_assistant", "510000100201002", "村务助理：柳溪村2组"),
        account("wangge01", "grid_worker_l2", "510000100201001", "二级网格员：柳溪村1组"),
        account("cun201", "grid_worker_l1", "510000100201", "一级网格员：柳溪村"),
        account("dengji01", "intake_clerk", TOWNSHIP, "登记员：登记、退回补充、不予受理"),
        account("fenpai01", "dispatcher", TOWNSHIP, "分派员：转办到单位"),
        account("huifang01", "callback_clerk", TOWNSHIP, "回访员：回访、销号"),
        account("duban01", "supervisor", TOWNSHIP, "督办员"),
        account("zhuren01", "center_director", TOWNSHIP, "中心主任：全部环节"),
        account("zhuangan01", "grid_clerk", TOWNSHIP, "网格专干：区域、人员、户的导入和维护"),
        account("guanli01", "sys_admin", TOWNSHIP, "系统管理员"),
        Account {
            user: "yjb01",
            role: "unit_handler",
            area: "",
            unit: "yjb",
            about: "应急办承办人：认领、办理、反馈",
        },
    ]
}

/// Units with a handler each; the handler of 应急办 is among [`accounts`].
const UNITS: [(&str, &str); 8] = [
    ("yjb", "应急办"),
    ("zrzy", "自然资源所"),
    ("pcs", "派出所"),
    ("sfs", "司法所"),
    ("mzb", "民政办"),
    ("cjb", "村建办"),
    ("nfzx", "农业服务中心"),
    ("wsy", "卫生院"),
];

/// Rows of the staff sheet.
pub(super) fn rows(rng: &mut Rng, villages: &[Village], vocabulary: &Vocabulary) -> Vec<Fields> {
    let mut rows: Vec<Fields> = Vec::new();
    let mut add = |user: &str, role: &str, area: &str, unit: &str| {
        let n = rows.len() + 1;
        let male = rng.chance(600);
        let born = rng.between(1970, 1998);
        let name = format!("{}{}", names::surname(rng), names::given(rng, born, male));
        let unit_name = UNITS.iter().find(|(code, _)| *code == unit).map_or("", |(_, name)| name);
        rows.push(vec![
            ("user", user.to_owned()),
            ("name", name),
            ("phone", format!("199001{n:05}")),
            ("roles", label(&vocabulary.roles, role).to_owned()),
            ("areas", area.to_owned()),
            ("unit", unit.to_owned()),
            ("unit_name", unit_name.to_owned()),
        ]);
    };
    for village in villages {
        let big = village.code == BIG_VILLAGE;
        let tail = village.code.get(9..).unwrap_or_default();
        add(&format!("cun{tail}"), "grid_worker_l1", &village.code, "");
        if !big {
            add(&format!("zhuli{tail}"), "village_assistant", &village.code, "");
            continue;
        }
        for grid in &village.grids {
            add(&format!("zhuli{:02}", grid.number), "village_assistant", &grid.code, "");
            add(&format!("wangge{:02}", grid.number), "grid_worker_l2", &grid.code, "");
        }
    }
    for account in accounts().iter().filter(|account| account.area == TOWNSHIP) {
        add(account.user, account.role, account.area, "");
    }
    for (unit, _) in UNITS {
        add(&format!("{unit}01"), "unit_handler", "", unit);
    }
    rows
}
