//! Invented visits, hazards and disputes of the last weeks, in several states.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset, Timelike};
use gridbook_log::{Body, Create, EntityId, Placement};
use serde_json::{Value, json};

use super::DAY_MS;
use super::scribe::{Scribe, Step, values};
use crate::problem::ApiError;
use crate::writer::Ledger;

/// A household of the demo.
pub(super) struct House {
    /// Its entity.
    pub(super) id: EntityId,
    /// Grid it lies in.
    pub(super) area: String,
    /// Address.
    pub(super) address: String,
    /// Name of its head.
    pub(super) head: String,
}

/// How far a case of the demo has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Far {
    Submitted,
    Supplement,
    Registered,
    Dispatched,
    Working,
    FedBack,
    Redo,
    Closed,
}

struct Hazard {
    far: Far,
    level: &'static str,
    kind: (&'static str, &'static str),
    desc: &'static str,
}

struct Dispute {
    far: Far,
    kind: (&'static str, &'static str),
    name: &'static str,
    facts: &'static str,
}

const HAZARDS: [Hazard; 8] = [
    Hazard {
        far: Far::Submitted,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "灶房没有灭火器,柴草堆得离灶口近,已当面提醒",
    },
    Hazard {
        far: Far::Submitted,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "楼道口没有烟感报警,老人独住,建议补装一个",
    },
    Hazard {
        far: Far::Supplement,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "后院用火不放心,位置还要再说清楚",
    },
    Hazard {
        far: Far::Registered,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "仓房里没有灭火器,存着两桶柴油",
    },
    Hazard {
        far: Far::Dispatched,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "小卖部后间无灭火器,电线接头外露",
    },
    Hazard {
        far: Far::Working,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "合院共用灶间没有灭火器,五户人家共用",
    },
    Hazard {
        far: Far::FedBack,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "村口磨坊没有灭火器,已配发待回访",
    },
    Hazard {
        far: Far::Closed,
        level: "blue",
        kind: ("fire", "fire.6"),
        desc: "烤烟房没有灭火器,已配齐并教会使用",
    },
];

/// A place that is patrolled: grid, kind, name, where, days since it was registered.
struct Point(&'static str, &'static str, &'static str, &'static str, u64);

const POINTS: [Point; 4] = [
    Point("510000100201001", "geo_point", "屋背后崩塌点", "1组老鹰岩下", 33),
    Point("510000100201001", "reservoir", "月亮塘", "1组沟口", 5),
    Point("510000100201001", "small_place", "便民小卖部", "1组公路边", 20),
    Point("510000100201002", "reservoir", "二组山塘", "2组水井湾", 9),
];

const DISPUTES: [Dispute; 6] = [
    Dispute {
        far: Far::Submitted,
        kind: ("neighbor", "neighbor.3"),
        name: "排水沟纠纷",
        facts: "两家共用的排水沟淤堵,下雨水漫进下家院坝,双方争了几句",
    },
    Dispute {
        far: Far::Registered,
        kind: ("neighbor", "neighbor.1"),
        name: "屋后通道纠纷",
        facts: "一家在屋后通道堆了砖,另一家的三轮车过不去",
    },
    Dispute {
        far: Far::Dispatched,
        kind: ("neighbor", "neighbor.3"),
        name: "檐水滴落纠纷",
        facts: "新修屋檐的雨水滴到邻居柴房,要求改檐沟",
    },
    Dispute {
        far: Far::Working,
        kind: ("neighbor", "neighbor.1"),
        name: "院墙位置纠纷",
        facts: "重砌院墙时对墙基位置说法不一,双方都拿出旧照片",
    },
    Dispute {
        far: Far::Redo,
        kind: ("neighbor", "neighbor.3"),
        name: "田埂用水纠纷",
        facts: "插秧时轮水的先后说不拢,请村里排个次序",
    },
    Dispute {
        far: Far::Closed,
        kind: ("neighbor", "neighbor.1"),
        name: "鸡群糟蹋菜地",
        facts: "散养的鸡进了邻居菜地,赔了菜苗钱,双方握手",
    },
];

/// The people who act.
struct Cast {
    by_grid: BTreeMap<String, Scribe>,
    intake: Scribe,
    dispatcher: Scribe,
    handler: Scribe,
    callback: Scribe,
}

/// Writes it all.
pub(super) async fn write(ledger: &mut Ledger, houses: &[House], now: u64) -> Result<(), ApiError> {
    let mut cast = Cast {
        by_grid: BTreeMap::new(),
        intake: Scribe::new(ledger, "dengji01").await?,
        dispatcher: Scribe::new(ledger, "fenpai01").await?,
        handler: Scribe::new(ledger, "yjb01").await?,
        callback: Scribe::new(ledger, "huifang01").await?,
    };
    let near = |grid: &'static str, n: usize| houses.iter().filter(move |h| h.area == grid).take(n);
    let first: Vec<&House> = near("510000100201001", 35)
        .chain(near("510000100201002", 20))
        .chain(near("510000100201003", 5))
        .collect();
    for house in &first {
        if !cast.by_grid.contains_key(&house.area) {
            let user = format!("zhuli{}", house.area.get(13..).unwrap_or("01"));
            let scribe = Scribe::new(ledger, &user).await?;
            cast.by_grid.insert(house.area.clone(), scribe);
        }
    }
    for point in POINTS {
        place(ledger, &mut cast, &point, &first, now).await?;
    }
    for (n, house) in (0u64..).zip(&first) {
        let at = now - (40 - n / 2) * DAY_MS + (n % 6) * 3_600_000;
        visit(ledger, &mut cast, house, n, at).await?;
    }
    for (n, (hazard, house)) in (0u64..).zip(HAZARDS.iter().zip(&first)) {
        let at = start(now, hazard.far, n);
        hazard_case(ledger, &mut cast, hazard, house, at).await?;
    }
    for (n, (dispute, house)) in (0u64..).zip(DISPUTES.iter().zip(first.iter().skip(30))) {
        let at = start(now, dispute.far, n);
        dispute_case(ledger, &mut cast, dispute, house, at).await?;
    }
    Ok(())
}

/// A case that has come far began longer ago.
fn start(now: u64, far: Far, n: u64) -> u64 {
    let days = match far {
        Far::Submitted => 1,
        Far::Supplement => 3,
        Far::Registered => 4,
        Far::Dispatched => 6,
        Far::Working => 9,
        Far::FedBack => 14,
        Far::Redo => 18,
        Far::Closed => 25,
    };
    now - days * DAY_MS - n * 1_800_000
}

fn local(ms: u64) -> DateTime<FixedOffset> {
    let east8 = FixedOffset::east_opt(8 * 3600).expect("8 hours is an offset");
    DateTime::from_timestamp_millis(i64::try_from(ms).unwrap_or(0)).unwrap_or_default().with_timezone(&east8)
}

fn minute(ms: u64) -> String {
    let at = local(ms);
    format!("{}T{:02}:{:02}", at.date_naive(), at.hour(), at.minute())
}

fn day(ms: u64) -> String {
    local(ms).date_naive().to_string()
}

fn record(
    type_: &str,
    form: &str,
    state: &str,
    house: &House,
    parent: Option<EntityId>,
    set: &Value,
) -> Body {
    Body::Create(Create {
        type_: type_.to_owned(),
        form: Some(form.to_owned()),
        state: Some(state.to_owned()),
        parent,
        place: Placement { area: Some(house.area.clone()), ..Placement::default() },
        set: values(set),
        blobs: Vec::new(),
    })
}

impl Cast {
    fn worker(&mut self, house: &House) -> Result<&mut Scribe, ApiError> {
        self.by_grid.get_mut(&house.area).ok_or_else(ApiError::unavailable)
    }
}

async fn visit(ledger: &mut Ledger, cast: &mut Cast, house: &House, n: u64, at: u64) -> Result<(), ApiError> {
    let met = ["head", "family", "head", "carer", "head", "not_met"][usize::try_from(n % 6).unwrap_or(0)];
    let mut set = json!({
        "household": house.id.to_string(), "visit_at": minute(at), "mode": "in_home", "purposes": ["daily"], "met": met,
    });
    if met == "not_met" {
        set["not_met_reason"] = json!("away");
    } else {
        set["no_change"] = json!(n % 4 != 1);
        set["well_being"] = json!(if n % 7 == 3 { "fair" } else { "good" });
        for path in ["fire_ok", "power_gas_ok", "house_ok", "geo_ok", "water_safety_ok", "fraud_ok"] {
            set[path] = json!("ok");
        }
        if n % 9 == 4 {
            set["remark"] = json!("老人腿脚不便,下次带上送药单");
        }
    }
    cast.worker(house)?
        .create(ledger, record("visit", "F-VISIT/1", "visited", house, None, &set), at)
        .await?;
    Ok(())
}

async fn place(
    ledger: &mut Ledger,
    cast: &mut Cast,
    point: &Point,
    houses: &[&House],
    now: u64,
) -> Result<(), ApiError> {
    let Point(grid, kind, name, address, days) = point;
    let mut below = houses.iter().filter(|house| house.area == *grid);
    let Some(house) = below.next() else { return Ok(()) };
    let mut set = json!({
        "name": name, "point_kind": kind, "address_text": address, "responsible": house.head, "status": "active",
    });
    if *kind == "geo_point" {
        set["profile"] = json!("雨后有零星掉块,坡下有住户");
        for (row, house) in below.take(3).enumerate() {
            set[format!("threatened/t{row}/household")] = json!(house.id.to_string());
            set[format!("threatened/t{row}/people")] = json!(3);
        }
    }
    let body = Body::Create(Create {
        type_: "place".to_owned(),
        form: Some("F-PLACE/1".to_owned()),
        place: Placement { area: Some((*grid).to_owned()), ..Placement::default() },
        set: values(&set),
        ..Create::default()
    });
    cast.worker(house)?.create(ledger, body, now - days * DAY_MS).await?;
    Ok(())
}

async fn hazard_case(
    ledger: &mut Ledger,
    cast: &mut Cast,
    hazard: &Hazard,
    house: &House,
    at: u64,
) -> Result<(), ApiError> {
    let set = json!({
        "desc": hazard.desc, "level": hazard.level, "household": house.id.to_string(),
        "address_text": house.address, "category": hazard.kind.0, "subtype": hazard.kind.1,
        "found_at": minute(at), "source": "visit_found",
    });
    let body = record("hazard", "F-HAZARD/1", "submitted", house, None, &set);
    let id = cast.worker(house)?.create(ledger, body, at).await?;
    let register = json!({ "category": hazard.kind.0, "subtype": hazard.kind.1, "level": hazard.level });
    let finish = json!({ "rect_result": "已消除" });
    carry(ledger, cast, id, Case { far: hazard.far, register, finish, house }, at).await
}

async fn dispute_case(
    ledger: &mut Ledger,
    cast: &mut Cast,
    dispute: &Dispute,
    house: &House,
    at: u64,
) -> Result<(), ApiError> {
    let set = json!({
        "facts": dispute.facts, "occur_place": house.address, "household": house.id.to_string(),
        "intake_mode": "visit_found", "event_name": dispute.name, "occur_date": day(at),
        "category": dispute.kind.0, "sub": dispute.kind.1, "scale": "01", "people_count": 2,
        "parties/p1/name": house.head, "parties/p2/name": "邻户当事人", "relation": "neighbors",
        "risk_level": "blue", "mediation_wish": "both",
    });
    let body = record("dispute", "F-DISPUTE/1", "submitted", house, None, &set);
    let id = cast.worker(house)?.create(ledger, body, at).await?;
    let register = json!({ "category": dispute.kind.0, "sub": dispute.kind.1, "risk_level": "blue" });
    let finish = json!({ "success": "succeeded", "result_desc": "双方当面说清,按商定的办法执行" });
    carry(ledger, cast, id, Case { far: dispute.far, register, finish, house }, at).await
}

struct Case<'a> {
    far: Far,
    register: Value,
    finish: Value,
    house: &'a House,
}

/// Carries a case as far as it has come: 报、录、转、办、反、销.
async fn carry(
    ledger: &mut Ledger,
    cast: &mut Cast,
    id: EntityId,
    case: Case<'_>,
    at: u64,
) -> Result<(), ApiError> {
    let later = |hours: u64| at + hours * 3_600_000;
    if case.far == Far::Supplement {
        let data = json!({ "reason": "place_unclear", "text": "请写明是哪一间、从哪条路进,好安排人去看。" });
        return cast
            .intake
            .step(ledger, id, Step::told("ask_supplement", "submitted", "supplement", data), later(3))
            .await;
    }
    if case.far < Far::Registered {
        return Ok(());
    }
    let mut register =
        Step::told("register", "submitted", "registered", json!({ "duplicate_checked": true }));
    register.set = case.register;
    cast.intake.step(ledger, id, register, later(4)).await?;
    if case.far < Far::Dispatched {
        return Ok(());
    }
    let mut dispatch = Step::told(
        "dispatch",
        "registered",
        "dispatched",
        json!({ "text": "请按期办理,办结后反馈上报人。" }),
    );
    dispatch.set =
        json!({ "lead_unit": "yjb", "respond_by": day(at + 2 * DAY_MS), "handle_by": day(at + 10 * DAY_MS) });
    dispatch.unit = Some("yjb");
    cast.dispatcher.step(ledger, id, dispatch, later(20)).await?;
    if case.far < Far::Working {
        return Ok(());
    }
    let steps = [
        Step {
            set: json!({ "handler": "yjb01" }),
            ..Step::told("claim", "dispatched", "claimed", json!({}))
        },
        Step::told("start", "claimed", "in_progress", json!({ "text": "先到现场看,再定办法。" })),
        Step::told("progress", "in_progress", "in_progress", json!({ "text": "已到现场,和当事人见了面。" })),
    ];
    for (hours, step) in (26u64..).step_by(20).zip(steps) {
        cast.handler.step(ledger, id, step, later(hours)).await?;
    }
    if case.far < Far::FedBack {
        return Ok(());
    }
    let finish = Step {
        set: case.finish,
        ..Step::told("finish", "in_progress", "done", json!({ "text": "已处理好,现场已确认。" }))
    };
    cast.handler.step(ledger, id, finish, later(110)).await?;
    let told = json!({ "channel": "phone", "text": "已经处理好,请留意后续。", "told_citizen": true });
    cast.handler.step(ledger, id, Step::told("feed_back", "done", "fed_back", told), later(120)).await?;
    if case.far < Far::Redo {
        return Ok(());
    }
    let call = json!({ "mode": "phone", "person": case.house.head, "attempt_no": 1, "reached": true });
    cast.callback.step(ledger, id, Step::told("call_back", "fed_back", "callback", call), later(150)).await?;
    let last = if case.far == Far::Redo {
        let data = json!({ "rating": "dissatisfied", "reason_tags": ["relapsed"], "text": "说好的次序没照着来,希望再协调一次。" });
        Step {
            set: json!({ "handle_by": day(at + 20 * DAY_MS) }),
            ..Step::told("dissatisfied", "callback", "redo", data)
        }
    } else {
        Step::told("satisfied", "callback", "closed", json!({ "rating": "satisfied" }))
    };
    cast.callback.step(ledger, id, last, later(160)).await
}
