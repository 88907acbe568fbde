//! Cross-checks of a package: every name that data use must mean something. Native only: an importer runs it
//! before a package is taken in, and the tests run it on the default one.

use std::collections::BTreeSet;

use super::Package;
use crate::catalogue::{MAX_STANDING, SLA_CLASSES};
use crate::form::{Compute, Field, FieldKind, Form, Options, wrong_default};
use crate::record::RecordKind;
use crate::role::Role;

impl Package {
    /// Everything that does not resolve, in words for whoever maintains the data; empty = sound.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        self.dict_faults(&mut faults);
        self.form_faults(&mut faults);
        self.role_faults(&mut faults);
        self.flow_faults(&mut faults);
        self.law_faults(&mut faults);
        self.catalogue_faults(&mut faults);
        faults
    }

    fn dict_faults(&self, faults: &mut Vec<String>) {
        for (id, dict) in &self.dicts {
            let mut seen = BTreeSet::new();
            for choice in &dict.options {
                if !seen.insert(&choice.id) {
                    faults.push(format!("dict {id}: {} twice", choice.id));
                }
                if choice.level.as_ref().is_some_and(|level| self.level(level).is_none()) {
                    faults.push(format!("dict {id}: {} has an unknown level", choice.id));
                }
            }
        }
    }

    fn form_faults(&self, faults: &mut Vec<String>) {
        for form in self.forms.get() {
            let named = |right: &str| self.permissions.iter().any(|known| known.id == right);
            let confidential = form.record == RecordKind::Confidential;
            if !form.heard_by.as_deref().map_or(!confidential, named) {
                faults.push(format!("{}/{}: nobody hears it", form.id, form.version));
            }
            let mut paths = BTreeSet::new();
            for (_, field) in form.fields() {
                if !paths.insert(field.path.as_str()) {
                    faults.push(format!("{}: path {} twice", form.id, field.path));
                }
            }
            for (_, field) in form.fields() {
                self.field_faults(&form.id, field, faults);
                compute_faults(form, field, None, faults);
                for column in &field.fields {
                    compute_faults(form, column, Some(field), faults);
                }
                let mut columns = BTreeSet::new();
                for column in &field.fields {
                    if !columns.insert(column.path.as_str()) {
                        faults.push(format!("{}: {}/{} twice", form.id, field.path, column.path));
                    }
                    self.field_faults(&form.id, column, faults);
                }
            }
            let conditions = form.sections.iter().filter_map(|section| section.visible_when.as_ref()).chain(
                form.fields()
                    .flat_map(|(_, field)| field.visible_when.iter().chain(field.required_when.iter())),
            );
            for (path, values) in conditions.flat_map(|condition| condition.mentions()) {
                let Some(field) = form.field(path) else {
                    faults.push(format!("{}: a condition looks at unknown {path}", form.id));
                    continue;
                };
                for value in values.into_iter().filter_map(|value| value.as_str()) {
                    if field.options.is_some() && !self.choices(field).iter().any(|c| c.id == value) {
                        faults.push(format!("{}: {path} never is {value}", form.id));
                    }
                }
            }
        }
    }

    fn field_faults(&self, owner: &str, field: &Field, faults: &mut Vec<String>) {
        if let Some(Options::Dict(dict)) = &field.options
            && self.dict(dict).is_none()
        {
            faults.push(format!("{owner}: {} uses unknown dict {dict}", field.path));
        }
        // A default may hold no day of its own, so that any day judges it alike.
        if wrong_default(self, field, chrono::NaiveDate::default()) {
            faults.push(format!("{owner}: {} starts with what does not fit", field.path));
        }
        for to in self.choices(field).iter().filter_map(|choice| choice.apart.as_deref()) {
            if self.form(to).is_none_or(|form| form.record != RecordKind::Confidential) {
                faults.push(format!("{owner}: {} goes to {to}, which is not confidential", field.path));
            }
        }
        for spawn in &field.spawn {
            let child = self.form_for(spawn.kind);
            for (path, value) in &spawn.set {
                let known = child.and_then(|form| form.field(path));
                let fits = known.is_some_and(|target| {
                    target.options.is_none() || self.choices(target).iter().any(|c| *value == c.id.as_str())
                });
                if !fits {
                    faults.push(format!("{owner}: {} spawns with a wrong {path}", field.path));
                }
            }
        }
    }

    fn catalogue_faults(&self, faults: &mut Vec<String>) {
        let catalogue = self.catalogue.get();
        let (mut ids, mut codes) = (BTreeSet::new(), BTreeSet::new());
        for item in &catalogue.items {
            if !(ids.insert(&item.id) && codes.insert(&item.code)) {
                faults.push(format!("item {}: twice", item.code));
            }
            if self.form(&item.form).is_none() {
                faults.push(format!("item {}: unknown form {}", item.code, item.form));
            }
            for role in item.reporters.iter().filter(|role| self.role(role).is_none()) {
                faults.push(format!("item {}: unknown role {role}", item.code));
            }
            let coded = |code: &String| {
                matches!(code.len(), 2..=8)
                    && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
            };
            if !item.points.iter().all(coded) {
                faults.push(format!("item {}: a points code is no code", item.code));
            }
            if item.sla.is_empty() || item.sla.iter().any(|class| !SLA_CLASSES.contains(&class.as_str())) {
                faults.push(format!("item {}: unknown class of limits", item.code));
            }
            for category in item.categories.iter().filter(|id| self.choice("hazard_category", id).is_none()) {
                faults.push(format!("item {}: unknown category {category}", item.code));
            }
        }
        for campaign in &catalogue.campaigns {
            if catalogue.item(&campaign.item).is_none() {
                faults.push(format!("campaign {}: unknown item {}", campaign.id, campaign.item));
            }
            if campaign.to.is_none() && !campaign.standing {
                faults.push(format!("campaign {}: no last day", campaign.id));
            }
        }
        if catalogue.campaigns.iter().filter(|campaign| campaign.standing).count() > MAX_STANDING {
            faults.push("campaigns: too many stand".to_owned());
        }
        for item in &catalogue.items {
            if item.skin.as_ref().is_some_and(|id| self.skins.iter().all(|skin| skin.id != *id)) {
                faults.push(format!("item {}: unknown skin", item.id));
            }
        }
        for skin in &self.skins {
            let known = |state: &String| self.state(state).is_some();
            if !skin.steps.iter().flat_map(|step| &step.states).all(known) {
                faults.push(format!("skin {}: unknown state", skin.id));
            }
        }
    }

    fn role_faults(&self, faults: &mut Vec<String>) {
        for role in &self.roles {
            for grant in &role.grants {
                if !self.permissions.iter().any(|permission| permission.id == grant.permission) {
                    faults.push(format!("role {}: unknown permission {}", role.id, grant.permission));
                }
                if grant.levels.iter().any(|level| self.level(level).is_none()) {
                    faults.push(format!("role {}: unknown level for {}", role.id, grant.permission));
                }
            }
        }
        self.rank_faults(faults);
    }

    /// A role that was forgotten would be given by everybody, and one above all who keep the directory by nobody.
    fn rank_faults(&self, faults: &mut Vec<String>) {
        // A package of before has no ranks at all.
        if self.roles.iter().all(|role| role.rank == 0) {
            return;
        }
        let keeps = |role: &&Role| {
            role.grants.iter().any(|grant| grant.permission == "directory.edit" && !grant.propose)
        };
        let highest = self.roles.iter().filter(keeps).map(|role| role.rank).max().unwrap_or(0);
        for role in &self.roles {
            if role.rank == 0 && !role.grants.is_empty() {
                faults.push(format!("role {}: no rank", role.id));
            }
            if role.rank > highest {
                faults.push(format!("role {}: nobody who keeps the directory ranks as high", role.id));
            }
        }
    }

    fn flow_faults(&self, faults: &mut Vec<String>) {
        for flow in &self.flows {
            if flow.state(&flow.initial).is_none() {
                faults.push(format!("flow {}: unknown initial state", flow.id));
            }
            for step in flow.transitions.get() {
                let name = format!("flow {}: {}", flow.id, step.action);
                let stays = step.to == crate::workflow::STAYS;
                if step.from.iter().any(|state| flow.state(state).is_none())
                    || !(stays || flow.state(&step.to).is_some())
                {
                    faults.push(format!("{name} uses an unknown state"));
                }
                let held = self.roles.iter().flat_map(|role| &role.grants);
                if !held.into_iter().any(|grant| grant.permission == step.permission && !grant.propose) {
                    faults.push(format!("{name}: no role holds {}", step.permission));
                }
                for kind in &flow.kinds {
                    let mut paths = BTreeSet::new();
                    for field in step.inputs_for(*kind) {
                        if !paths.insert(field.path.as_str()) {
                            faults.push(format!("{name}: input {} twice", field.path));
                        }
                        self.field_faults(&name, field, faults);
                    }
                }
            }
        }
    }

    fn law_faults(&self, faults: &mut Vec<String>) {
        let law = self.law.get();
        let sla = &law.sla;
        let assigned = sla.assign.iter().map(|assign| &assign.class);
        let chosen = law.table.effects.iter().filter_map(|effect| effect.class.as_ref());
        for class in assigned.chain(chosen).chain([&sla.default]) {
            if law.class(class).is_none() {
                faults.push(format!("sla: unknown class {class}"));
            }
        }
        for level in sla.assign.iter().filter_map(|assign| assign.level.as_ref()) {
            if self.level(level).is_none() {
                faults.push(format!("sla: unknown level {level}"));
            }
        }
        let limited = sla.classes.iter().flat_map(|class| class.limits.keys()).chain(sla.common.keys());
        let moved = law.table.effects.iter().flat_map(|effect| {
            let lists =
                [&effect.start, &effect.end, &effect.stop, &effect.pause, &effect.resume, &effect.extend];
            lists.into_iter().chain([&effect.restart, &effect.reopen]).flatten()
        });
        for id in limited.chain(moved) {
            if law.clock(*id).is_none() {
                faults.push(format!("clocks: {id:?} has no name"));
            }
        }
        let proof = self.visits.get().proof;
        if proof.households < 2 || proof.minutes == 0 || proof.metres == 0 {
            faults.push("visits: proof asks about every visit".to_owned());
        }
        let way = self.visits.get().micro;
        if way.minutes == 0 || way.detour_percent < 100 || way.metres_per_hour == 0 {
            faults.push("visits: no way in a micro-grid is short enough".to_owned());
        }
        for category in self.visits.get().triggers.iter().flat_map(|trigger| &trigger.categories) {
            if self.category(category).is_none() {
                faults.push(format!("visits: unknown category {category}"));
            }
        }
        for trigger in &self.visits.get().triggers {
            if !trigger.level.is_empty() && self.level(&trigger.level).is_none() {
                faults.push(format!("visits: {} has an unknown level", trigger.id));
            }
        }
        let hazards = self.hazards.get();
        for kind in &hazards.patrols {
            let point = kind.point.is_empty() || hazards.points.iter().any(|point| point.id == kind.point);
            if !point || self.choice("hazard_category", &kind.category).is_none() {
                faults.push(format!("patrols: {} is of an unknown kind", kind.id));
            }
        }
        for kind in &hazards.warnings {
            let point = |id: &String| hazards.points.iter().any(|point| point.id == *id);
            let trigger = |id: &String| self.visits.get().triggers.iter().any(|known| known.id == *id);
            if !kind.points.iter().all(point) || !kind.calls.iter().all(trigger) {
                faults.push(format!("warnings: {} concerns what is not there", kind.id));
            }
        }
        let hours = &law.calendar.hours;
        let ordered = hours.windows(2).all(|pair| pair[0].1 <= pair[1].0);
        if hours.is_empty() || !ordered || hours.iter().any(|(from, to)| from >= to || *to > 1440) {
            faults.push("calendar: working hours are out of order".to_owned());
        }
    }
}

/// A computed answer names fields that are there, beside it.
fn compute_faults(form: &Form, field: &Field, table: Option<&Field>, faults: &mut Vec<String>) {
    let beside = |path: &String| match table {
        Some(table) => table.fields.iter().any(|column| column.path == *path),
        None => form.field(path).is_some(),
    };
    let sound = match &field.compute {
        None => field.kind != FieldKind::Computed,
        Some(_) if field.kind != FieldKind::Computed => false,
        Some(Compute::Sum(of, column)) => {
            form.field(of).is_some_and(|of| of.fields.iter().any(|held| held.path == *column))
        }
        Some(Compute::Mul(paths) | Compute::Add(paths)) => paths.iter().all(beside),
        Some(Compute::Score(score)) => {
            let known = |id: &String| form.sections.iter().any(|section| section.id == *id);
            table.is_none()
                && score.sections.keys().all(known)
                && score.points.values().any(|points| *points > 0)
        }
    };
    if !sound {
        faults.push(format!("{}: {} cannot be computed", form.id, field.path));
    }
}
