//! Which class of limits a case has where its kind and level do not say: the item of the list, a person who chooses among
//! those that the list leaves open, and the mark that it is urgent (domain data 4.3, 4.8.2).

use serde_json::Value;

use crate::case::CaseView;
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;

/// Where the class that somebody chose stands in a record.
pub const CLASS: &str = "sla_class";
/// Among the values behind the inputs of a step: the list leaves a choice.
pub const OPEN: &str = "sla_open";

/// Whether a record is marked as urgent; of a call for help, when it says that it cannot wait longer than a day.
pub fn urgent<'v>(said: &dyn Fn(&str) -> Option<&'v Value>) -> bool {
    said("urgent") == Some(&Value::Bool(true)) || said("urgency").and_then(Value::as_str) == Some("day")
}

impl Package {
    /// The classes with limits of their own that an item of the list has, in its order.
    fn classes_of(&self, item: &str) -> Vec<&str> {
        let law = self.law.get();
        let item = self.catalogue.get().items.iter().find(|held| held.id == item);
        let limited = |class: &&str| law.class(class).is_some_and(|class| !class.limits.is_empty());
        item.into_iter().flat_map(|item| item.sla.iter().map(String::as_str)).filter(limited).collect()
    }

    /// The classes among which whoever registers a case chooses: those of its item, where there are several; else none.
    pub fn class_choices(&self, values: &Values) -> Vec<&str> {
        let classes = self.classes_of(values.get("item").and_then(Value::as_str).unwrap_or_default());
        if classes.len() > 1 { classes } else { Vec::new() }
    }

    /// The class of a case that its kind and level do not tell: the one chosen, else that of its item. Of several the first
    /// counts, or the quickest for what is urgent; `said` gives the values of the case.
    pub(crate) fn class_chosen<'a>(
        &'a self,
        of: (RecordKind, u64),
        said: &dyn Fn(&str) -> Option<&'a str>,
        urgent: bool,
    ) -> Option<&'a str> {
        let law = self.law.get();
        let item = || {
            let id = said("item")?;
            let quick = || {
                let open = self.classes_of(id);
                let quickest = law.sla.classes.iter().find(|class| open.contains(&class.id.as_str()));
                quickest.filter(|_| urgent).map(|class| class.id.as_str())
            };
            let item = self.catalogue.get().items.iter().find(|item| item.id == id)?;
            let first = || item.sla.iter().map(String::as_str).find(|class| law.class(class).is_some());
            quick().or_else(first)
        };
        said(CLASS).filter(|id| law.class(id).is_some()).or_else(|| self.preset(of)).or_else(item)
    }

    /// The class that a case has now, for whoever registers it.
    pub(crate) fn class_now<'a>(&'a self, case: &'a CaseView) -> Option<&'a str> {
        let said = |path: &str| case.values.get(path).and_then(Value::as_str);
        self.class_chosen((case.kind, case.reported_at), &said, urgent(&|path| case.values.get(path)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::admit::Refusal;
    use crate::case::story::{GRID, Story, hazard_body, person, register};
    use crate::clock::{ClockId, Limit, read};
    use crate::deadline::Unit;
    use crate::workflow::{Guard, standing, suggested};

    fn clue(more: &Value) -> Story {
        let mut story = Story::new();
        let mut set = json!({"facts": "院外有陌生人连着几天转悠", "item": "order_clue"});
        set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let body = json!({"type": "matter", "form": "F-CLUE/1", "state": "submitted", "place": {"area": GRID}, "set": set});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story
    }

    fn limit(story: &Story, clock: ClockId) -> Limit {
        read(Package::builtin(), &story.entity)
            .limits
            .into_iter()
            .rev()
            .find(|one| one.clock == clock)
            .unwrap()
    }

    fn told(limit: &Limit) -> (&str, u32, Unit) {
        (limit.class.as_str(), limit.rule.n, limit.rule.unit)
    }

    #[test]
    fn the_list_of_domain_4_3_gives_food_burning_and_land_their_classes() {
        for (category, subtype, class) in
            [("food", "food.1", "S1"), ("environment", "environment.1", "S1"), ("land", "land.1", "S3")]
        {
            let mut story = Story::hazard("yellow");
            let mut set = register("yellow");
            set["set"]["category"] = json!(category);
            set["set"]["subtype"] = json!(subtype);
            story.step(&person("ivy", "intake_clerk"), "register", &set);
            story.step(&person("ivy", "intake_clerk"), "dispatch", &crate::case::story::dispatch());
            assert_eq!(limit(&story, ClockId::Respond).class, class, "{category}");
        }
        let mut body = hazard_body("red");
        body["set"]["category"] = json!("food");
        let mut story = Story::new();
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        assert_eq!(limit(&story, ClockId::Register).class, "S0", "whoever is in danger of life comes first");
    }

    #[test]
    fn whoever_registers_chooses_where_the_list_leaves_a_choice() {
        let package = Package::builtin();
        let (mut story, ivy) = (clue(&json!({})), person("ivy", "intake_clerk"));
        let step = package.flow(story.view().kind).unwrap().actions("register").next().unwrap();
        assert_eq!(standing(package, step, &story.view())[OPEN], json!(true));
        assert_eq!(suggested(package, step, &story.view(), &ivy, story.ms)[CLASS], json!("S1"));
        let with = |class: &str| json!({"set": {"sla_class": class, "level": "yellow"}, "data": {"duplicate_checked": true}});
        assert_eq!(story.try_step(&ivy, "register", &with("S3")), Err(Refusal::Guard(Guard::ClassFits)));
        story.step(&ivy, "register", &with("S0"));
        story.step(&ivy, "dispatch", &crate::case::story::dispatch());
        assert_eq!(told(&limit(&story, ClockId::Respond)), ("S0", 30, Unit::Min));
        // Where the list says one, nobody chooses.
        let hazard = Story::hazard("yellow");
        let step = package.flow(hazard.view().kind).unwrap().actions("register").next().unwrap();
        assert!(!standing(package, step, &hazard.view()).contains_key(OPEN));
        let mut set = register("yellow");
        set["set"]["sla_class"] = json!("S3");
        assert_eq!(hazard.try_step(&ivy, "register", &set), Err(Refusal::UnexpectedPath(CLASS.to_owned())));
    }

    #[test]
    fn what_is_urgent_is_taken_in_and_claimed_sooner() {
        assert_eq!(told(&limit(&clue(&json!({})), ClockId::Register)), ("S1", 4, Unit::H));
        assert_eq!(told(&limit(&clue(&json!({"urgent": true})), ClockId::Register)), ("S0", 2, Unit::H));
        let opinion = |urgent: bool| {
            let mut story = Story::new();
            let body = json!({"type": "matter", "form": "F-OPINION/1", "state": "submitted", "place": {"area": GRID},
                "set": {"facts": "桥栏杆断了", "item": "public_opinion", "opinion_kind": "infra", "urgent": urgent}});
            let op = story.op(gridbook_log::DeviceId([1; 8]), "ann", "create", &body);
            story.entity.apply(&op);
            told(&limit(&story, ClockId::Register)).1
        };
        assert_eq!((opinion(false), opinion(true)), (1, 4), "a working day, four hours");
        // The level of a hazard says how soon it is claimed and repaired: urgent or not.
        let mut body = hazard_body("yellow");
        body["set"]["urgent"] = json!(true);
        let mut story = Story::new();
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        assert_eq!(told(&limit(&story, ClockId::Register)), ("S2", 4, Unit::H));
        story.step(&person("ivy", "intake_clerk"), "register", &register("yellow"));
        story.step(&person("ivy", "intake_clerk"), "dispatch", &crate::case::story::dispatch());
        assert_eq!(told(&limit(&story, ClockId::Respond)), ("S2", 1, Unit::Wd));
    }
}
