//! Villages and grids.

use super::rng::Rng;
use super::{BIG_VILLAGE, BIG_VILLAGE_HOUSEHOLDS, Fields, TOWNSHIP};

const NAMES: [&str; 14] = [
    "柳溪村",
    "石桥村",
    "白果村",
    "云岭村",
    "双河村",
    "龙泉村",
    "茶坪村",
    "竹园村",
    "金沙村",
    "红岩村",
    "松林村",
    "桃湾村",
    "高坪村",
    "青山村",
];

/// Grids of the big village.
const BIG_VILLAGE_GRIDS: u32 = 16;

/// A grid with the number of households it gets.
pub(super) struct Grid {
    pub(super) code: String,
    pub(super) name: String,
    pub(super) number: u32,
    pub(super) households: usize,
}

/// A village with its grids.
pub(super) struct Village {
    pub(super) code: String,
    pub(super) name: &'static str,
    pub(super) grids: Vec<Grid>,
}

/// The 14 villages.
pub(super) fn villages(rng: &mut Rng) -> Vec<Village> {
    (201u32..)
        .zip(NAMES)
        .map(|(number, name)| {
            let code = format!("{TOWNSHIP}{number}");
            let (households, grids) = if code == BIG_VILLAGE {
                (BIG_VILLAGE_HOUSEHOLDS, BIG_VILLAGE_GRIDS)
            } else {
                (rng.between(48, 80) as usize, rng.between(2, 4))
            };
            let grids = (1..=grids)
                .map(|grid| Grid {
                    code: format!("{code}{grid:03}"),
                    name: format!("{name}{grid}组网格"),
                    number: grid,
                    // Every grid its share, the first ones one more.
                    households: households / grids as usize
                        + usize::from((grid as usize) <= households % grids as usize),
                })
                .collect();
            Village { code, name, grids }
        })
        .collect()
}

/// Rows of the territory sheet.
pub(super) fn territory(villages: &[Village]) -> Vec<Fields> {
    let node = |code: &str, name: &str, level: &str| -> Fields {
        vec![
            ("code", code.to_owned()),
            ("name", name.to_owned()),
            ("level", level.to_owned()),
            ("valid_from", "2024-01-01".to_owned()),
        ]
    };
    let mut rows = vec![node("510000", "清江县", "区县"), node(TOWNSHIP, "青禾镇", "镇街")];
    for village in villages {
        rows.push(node(&village.code, village.name, "村"));
        for grid in &village.grids {
            let mut row = node(&grid.code, &grid.name, "组");
            row.push(("kind", "属地".to_owned()));
            row.push(("micro_unit_type", "自然村组".to_owned()));
            rows.push(row);
        }
    }
    rows
}
