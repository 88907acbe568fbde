//! Who may report an item, and whom it concerns besides its lead unit (CAT-01).

use chrono::NaiveDate;

use super::{Item, Status};
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::Actor;

impl Item {
    /// Whether this person may report it on that day: everyone who writes records, unless the item names roles.
    pub fn may_report(&self, actor: &Actor, day: NaiveDate) -> bool {
        self.reporters.is_empty() || self.reporters.iter().any(|role| actor.has_role(role, day))
    }
}

impl Package {
    /// The item that bars this person from a new record, or from calling a record of theirs so: the one that the record
    /// names, or the one that its form is for, whatever it names. A record whose role was held on the day it was written
    /// is not too late; and a danger is taken from everybody, whatever the list says.
    pub fn bars(
        &self,
        actor: &Actor,
        kind: RecordKind,
        (form, values): (&str, &Values),
        days: [NaiveDate; 2],
    ) -> Option<&Item> {
        let barred =
            |item: &&Item| item.kind != "emergency" && !days.iter().any(|day| item.may_report(actor, *day));
        if kind == RecordKind::Hazard {
            return None;
        }
        let catalogue = self.catalogue.get();
        let named = values.get("item").and_then(serde_json::Value::as_str).and_then(|id| catalogue.item(id));
        if let Some(item) = named.filter(barred) {
            return Some(item);
        }
        // A form of its own; the general one of a kind is for everything that has none.
        let form = form.split('/').next().unwrap_or(form);
        if self.form_for(kind).is_some_and(|main| main.id == form && kind == RecordKind::Matter) {
            return None;
        }
        let mut own =
            catalogue.items.iter().filter(|item| item.form == form && item.status == Status::Active);
        let first = own.next()?;
        (barred(&first) && own.all(|item| barred(&item))).then_some(first)
    }

    /// What this person is offered on that day: items of the list that they may report, and whose kind of record they
    /// may write at all.
    pub fn items_for(&self, actor: &Actor, day: NaiveDate) -> Vec<&Item> {
        let writes = |item: &&Item| {
            self.kind_of_item(item).is_some_and(|kind| {
                actor.assignments.iter().filter(|held| held.valid_on(day)).any(|held| {
                    self.role(&held.role).is_some_and(|role| {
                        role.grants.iter().any(|grant| {
                            grant.permission == "record.create"
                                && !grant.propose
                                && (grant.kinds.is_empty() || grant.kinds.contains(&kind))
                        })
                    })
                })
            })
        };
        let mut items = self.catalogue.get().offered(day);
        items.retain(|item| item.may_report(actor, day) && writes(item));
        items
    }
}

/// The one unit that words of the list mean (`公共服务办(民政)`), by the names of the units that there are; `None` where
/// none or several fit, because a proposal that is a guess would send a case astray.
pub fn unit_named<'u>(words: &str, units: impl Iterator<Item = (&'u str, &'u str)>) -> Option<&'u str> {
    let mut best: Option<(usize, &str, bool)> = None;
    let parts: Vec<&str> =
        words.split(['(', ')', '（', '）', '、']).filter(|part| !part.is_empty()).collect();
    for (code, name) in units {
        let fit = parts.iter().filter(|part| name.contains(**part) || part.contains(name));
        // The same name is better than one that holds it.
        let Some(score) = fit.map(|part| usize::from(*part == name) + 1).max() else { continue };
        best = match best {
            Some((held, other, _)) if held == score => Some((held, other, false)),
            Some(held) if held.0 > score => Some(held),
            _ => Some((score, code, true)),
        };
    }
    best.filter(|(_, _, only)| *only).map(|(_, code, _)| code)
}
