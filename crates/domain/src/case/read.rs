//! Reading a stream.

use std::collections::BTreeSet;

use gridbook_log::{Entity, Outcome};

use super::{CaseView, Known, feedback, followed, kin, text, timeline, title};
use crate::confidential::apart::out_of_sight;
use crate::form::Photos;
use crate::hazard;
use crate::mediation::risk;
use crate::record::RecordKind;

impl CaseView {
    /// Reads a stream; `None` when its creation has not arrived, it is not a report, or it went out of sight (ROLE-11).
    pub fn of(entity: &Entity) -> Option<Self> {
        if out_of_sight(entity) {
            return None;
        }
        let creation = entity.creation()?;
        let kind = RecordKind::parse(&creation.create.type_)
            .filter(|kind| kind.is_report() || *kind == RecordKind::Confidential)?;
        let mut values = entity.values();
        if kind == RecordKind::Mediation {
            followed::into_file(entity, &mut values);
        }
        let mut photos = Photos::new();
        for (_, blob) in entity.blobs() {
            *photos.entry(blob.role.clone()).or_default() += 1;
        }
        let mut view = Self {
            id: entity.id(),
            kind,
            form: creation.create.form.clone(),
            state: entity.state().unwrap_or_default().to_owned(),
            others: entity.flow().others.clone(),
            number: entity.number().map(str::to_owned),
            level: text(&values, "level").or_else(|| text(&values, "risk_level")),
            level_since: None,
            level_set_at: None,
            risk: risk::trail(entity),
            alarm_known: alarm_known(entity),
            failed_rechecks: hazard::failed(entity),
            enforced: hazard::enforced(entity),
            category: text(&values, "category"),
            subtype: text(&values, "subtype").or_else(|| text(&values, "sub")),
            title: title(&values, kind),
            area: entity.area().unwrap_or_default().to_owned(),
            address: text(&values, "address_text").or_else(|| text(&values, "occur_place")),
            household: text(&values, "household"),
            parent: creation.create.parent,
            units: entity.units().into_iter().map(str::to_owned).collect(),
            lead_unit: None,
            recused: BTreeSet::new(),
            support_units: Vec::new(),
            handler: None,
            handled_by: BTreeSet::new(),
            reporter: creation.user.clone(),
            source: text(&values, "source").or_else(|| text(&values, "intake_mode")),
            reported_at: creation.hlc.ms,
            received_at: entity.received(creation.dot).map(|received| received.at),
            found_at: text(&values, "found_at").or_else(|| text(&values, "visit_at")),
            respond_by: None,
            handle_by: None,
            registered_at: None,
            claimed_at: None,
            finished_at: None,
            closed_at: None,
            result: None,
            feedback: None,
            told: feedback::feedbacks(entity, &creation.user),
            rating: None,
            redo_count: 0,
            return_count: 0,
            with_units: Vec::new(),
            kept_at_village: false,
            registered: false,
            handle_since: None,
            extended: 0,
            pause_asked_by: None,
            paused_until: None,
            supplement_since: None,
            void_asked_by: None,
            climbed_to: None,
            main: None,
            linked: kin::linked(entity),
            split_from: kin::split_from(entity),
            receipt_on: None,
            cancel_asked: false,
            look_back_failed: false,
            supervised: 0,
            supervisions: Vec::new(),
            faults: Vec::new(),
            given: 0,
            looked_back: Vec::new(),
            refused_by: None,
            unreached: 0,
            participants: Vec::new(),
            actions: Vec::new(),
            values,
            photos,
            timeline: timeline::lines(entity),
        };
        (view.level_set_at, view.level_since) = level_since(entity).unzip();
        view.replay(entity);
        // A withdrawal that came after the registration is a request to cancel.
        view.cancel_asked |= view.registered
            && entity.timeline().iter().any(|record| {
                record.event.event == "withdraw"
                    && record.user == view.reporter
                    && record.outcome != Outcome::Counts
            });
        Some(view)
    }
}

/// Who said that they know, even where the case had moved on before that arrived.
fn alarm_known(entity: &Entity) -> Vec<Known> {
    let said = entity.timeline().iter().filter(|record| {
        record.event.event == hazard::KNOWN && !matches!(record.outcome, Outcome::Rejected(_))
    });
    let known = said.map(|record| Known {
        told_as: text(&record.event.data, "told_as").unwrap_or_default(),
        user: record.user.clone(),
        at: record.hlc.ms,
    });
    known.collect()
}

/// When the level that is shown was first set without another in between: recorded, and received (recorded where there
/// is no receipt).
pub(crate) fn level_since(entity: &Entity) -> Option<(u64, u64)> {
    let path = if entity.text("level").is_some() { "level" } else { "risk_level" };
    let (register, shown) = (entity.register(path)?, entity.text(path)?);
    let mut since = None;
    for write in register.writes.iter().filter(|write| !write.rejected) {
        if write.value.as_str() == Some(shown) {
            let recorded = write.hlc.ms;
            let received = entity.received(write.dot).map_or(recorded, |received| received.at);
            since = since.or(Some((recorded, received)));
        } else {
            since = None;
        }
    }
    since
}
