//! For tests: a stream that grows step by step, each step admitted first.
#![allow(clippy::unwrap_used)]

use chrono::NaiveDate;
use gridbook_log::{DeviceId, Dot, Entity, EntityId, Hlc, NewOp, Op, Writer};
use serde_json::{Value, json};

use super::CaseView;
use crate::admit::{Refusal, admit};
use crate::calendar::day_of;
use crate::package::Package;
use crate::role::{Actor, Assignment};

pub(crate) const GRID: &str = "51000010020100301";
pub(crate) const VILLAGE: &str = "510000100201";
pub(crate) const TOWN: &str = "510000100";
pub(crate) const UNIT: &str = "U-WATER";
/// 2026-05-18 08:00 in China.
pub(crate) const START: u64 = 1_779_062_400_000;
const HOUR: u64 = 3_600_000;
const AUTHORITY: DeviceId = DeviceId([9; 8]);

/// A person with one role, placed where people of that role are.
pub(crate) fn person(user: &str, role: &str) -> Actor {
    let (area, unit) = match role {
        "village_assistant" | "grid_worker_l2" => (Some(GRID), None),
        "grid_worker_l1" => (Some(VILLAGE), None),
        "unit_handler" | "unit_head" => (None, Some(UNIT)),
        "sys_admin" => (None, None),
        _ => (Some(TOWN), None),
    };
    Actor {
        user: user.to_owned(),
        assignments: vec![Assignment {
            role: role.to_owned(),
            area: area.map(str::to_owned),
            unit: unit.map(str::to_owned),
            from: None,
            to: None,
        }],
    }
}

/// A stream in the making.
pub(crate) struct Story {
    pub(crate) entity: Entity,
    pub(crate) ms: u64,
}

impl Story {
    pub(crate) fn new() -> Self {
        Self { entity: Entity::new(EntityId([7; 16]), Some(AUTHORITY)), ms: START }
    }

    /// A hazard of this level, as its reporter sent it.
    pub(crate) fn hazard(level: &str) -> Self {
        let mut story = Self::new();
        story.admitted(&person("ann", "village_assistant"), "create", &hazard_body(level)).unwrap();
        story
    }

    pub(crate) fn today(&self) -> NaiveDate {
        day_of(self.ms)
    }

    pub(crate) fn view(&self) -> CaseView {
        CaseView::of(&self.entity).unwrap()
    }

    pub(crate) fn op(&self, dev: DeviceId, user: &str, kind: &str, body: &Value) -> Op {
        let writer = Writer { dev, epoch: 1 };
        let new = NewOp {
            entity: self.entity.id(),
            dot: Dot { writer, n: self.entity.frontier().get(writer) + 1 },
            hlc: Hlc { ms: self.ms, count: 0 },
            kind,
            user,
            ctx: self.entity.frontier().clone(),
        };
        Op::new(new, [3; 16], body.to_string()).unwrap()
    }

    pub(crate) fn judge(&self, actor: &Actor, kind: &str, body: &Value) -> Result<(), Refusal> {
        let op = self.op(DeviceId([1; 8]), &actor.user, kind, body);
        admit(Package::builtin(), actor, Some(&self.entity), &op, self.today())
    }

    pub(crate) fn admitted(&mut self, actor: &Actor, kind: &str, body: &Value) -> Result<(), Refusal> {
        self.judge(actor, kind, body)?;
        let op = self.op(DeviceId([1; 8]), &actor.user, kind, body);
        self.entity.apply(&op);
        self.ms += HOUR;
        Ok(())
    }

    /// What the authority writes needs no admission.
    pub(crate) fn authority(&mut self, kind: &str, body: &Value) {
        let op = self.op(AUTHORITY, "center", kind, body);
        self.entity.apply(&op);
    }

    /// A step from the present state, with `data`, `set`, `place` and `blobs` in `more`.
    pub(crate) fn event_body(&self, action: &str, more: &Value) -> Value {
        let from = self.entity.state().unwrap();
        let flow = Package::builtin().flow(self.view().kind).unwrap();
        let to = flow.transition(action, from).map_or("nowhere", |step| step.target(from));
        let mut body = json!({"event": action, "from": from, "to": to, "table": flow.version});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        // Nobody of these is related to anybody, unless a test says so.
        if matches!(action, "claim" | "keep") && body["data"].get("related").is_none() {
            body["data"]["related"] = json!(false);
        }
        body
    }

    pub(crate) fn try_step(&self, actor: &Actor, action: &str, more: &Value) -> Result<(), Refusal> {
        self.judge(actor, "event", &self.event_body(action, more))
    }

    pub(crate) fn step(&mut self, actor: &Actor, action: &str, more: &Value) {
        let body = self.event_body(action, more);
        if let Err(refusal) = self.admitted(actor, "event", &body) {
            panic!("{action}: {refusal}");
        }
    }

    /// Registered, dispatched to [`UNIT`] and claimed by `ben`.
    pub(crate) fn until_claimed(&mut self) {
        let (intake, handler) = (person("ivy", "intake_clerk"), person("ben", "unit_handler"));
        self.step(&intake, "register", &register(self.view().level.as_deref().unwrap()));
        self.authority("number", &json!({"number": "青〔2026〕隐字第00001号"}));
        self.step(&intake, "dispatch", &dispatch());
        self.step(&handler, "claim", &json!({}));
    }

    /// Done, fed back and waiting in the call-back.
    pub(crate) fn until_callback(&mut self) {
        let (handler, caller) = (person("ben", "unit_handler"), person("cara", "callback_clerk"));
        if self.view().state == "claimed" {
            self.step(&handler, "start", &json!({}));
        }
        self.step(&handler, "finish", &finish());
        self.step(&handler, "feed_back", &json!({"data": {"channel": "phone", "text": "已清淤, 水沟通了"}}));
        self.step(&caller, "call_back", &call_back());
    }
}

pub(crate) fn hazard_body(level: &str) -> Value {
    json!({
        "type": "hazard", "form": "F-HAZARD/1", "state": "submitted", "place": {"area": GRID},
        "set": {"desc": "水沟堵塞, 雨大会漫进屋", "level": level, "source": "visit_found", "address_text": "柳溪村3组"},
        "blobs": [blob("photo_before")]
    })
}

pub(crate) fn blob(role: &str) -> Value {
    json!({"sha256": "ab".repeat(32), "size": 1000, "mime": "image/jpeg", "role": role})
}

pub(crate) fn register(level: &str) -> Value {
    json!({
        "set": {"category": "water_works", "subtype": "water_works.6", "level": level},
        "data": {"duplicate_checked": true}
    })
}

pub(crate) fn dispatch() -> Value {
    json!({
        "set": {"lead_unit": UNIT, "respond_by": "2026-05-20", "handle_by": "2026-05-28"},
        "place": {"units_add": [UNIT]}
    })
}

pub(crate) fn finish() -> Value {
    json!({"data": {"text": "已清淤 30 米"}, "blobs": [blob("photo_after")]})
}

pub(crate) fn call_back() -> Value {
    json!({"data": {"mode": "phone", "person": "钟小满", "reached": true, "text": "问了本人"}})
}
