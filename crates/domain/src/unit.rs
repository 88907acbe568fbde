//! Units of the directory (ROLE-08): who they are, of what kind, how they are reached, who heads them, who is on duty on
//! which day. Their members are those whose roles name them.

mod duty;

use gridbook_log::Entity;
use serde_json::Value;

use crate::admit::Refusal;
use crate::form::{Problem, Values};
use crate::package::Package;
use crate::validate;

pub use duty::{DUTY, Duty, LONGEST, Roster, RosterError, people, roster};

/// The dictionary of kinds.
pub const KINDS: &str = "unit_group";
/// Longest name, characters.
const NAME: usize = 40;
/// Longest code, characters.
const CODE: usize = 32;

/// A unit, read from its stream. Unknown values are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unit {
    /// Its code; never another one.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Id of the dictionary `unit_group`.
    pub group: String,
    /// Phone.
    pub phone: String,
    /// Who heads it, by name.
    pub head: String,
    /// Who is on duty, by day.
    pub duty: Roster,
}

impl Unit {
    /// Reads a unit's stream.
    pub fn of(entity: &Entity) -> Self {
        let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
        Self {
            code: text("code"),
            name: text("name"),
            group: text("group"),
            phone: text("phone"),
            head: text("head"),
            duty: duty::read(entity),
        }
    }

    /// What is set to make this unit another one; only what differs. Duties are [`Self::put_on_duty`]'s.
    pub fn change(&self, to: &Self) -> Values {
        let pairs = [
            ("name", &self.name, &to.name),
            ("group", &self.group, &to.group),
            ("phone", &self.phone, &to.phone),
            ("head", &self.head, &to.head),
        ];
        let differs = pairs.into_iter().filter(|(_, held, new)| held != new);
        differs.map(|(path, _, new)| (path.to_owned(), Value::from(new.trim()))).collect()
    }

    /// What a new unit begins with.
    pub fn values(&self) -> Values {
        let mut set = Self::default().change(self);
        set.insert("code".to_owned(), self.code.trim().into());
        set
    }
}

/// Judges what an operation says of a unit.
///
/// # Errors
/// [`Refusal::Invalid`]: no name, a code that changes or is none, a kind that is not known, a phone that is none.
pub(crate) fn judge(package: &Package, before: Option<&Entity>, set: &Values) -> Result<(), Refusal> {
    let bad = |path: &str, message: &str| {
        let (path, message) = (path.to_owned(), message.to_owned());
        Err(Refusal::Invalid(vec![Problem { path, code: "unit", message, blocks: true }]))
    };
    for (path, value) in set {
        let said = value.as_str().unwrap_or_default();
        match path.as_str() {
            "code" => {
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
                let held = before.and_then(|entity| entity.text("code")).unwrap_or_default();
                if said.is_empty() || said.len() > CODE || !said.chars().all(plain) {
                    return bad(path, "单位编码用字母、数字、短横和下划线，最多 32 个");
                }
                if !held.is_empty() && held != said {
                    return bad(path, "单位编码定了就不能改");
                }
            }
            "name" if said.trim().is_empty() || said.chars().count() > NAME => {
                return bad(path, "请填单位名称，最多 40 个字");
            }
            "group" if !said.is_empty() && package.choice(KINDS, said).is_none() => {
                return bad(path, "没有这种单位类别");
            }
            "phone" if !said.is_empty() && validate::phone(said).is_err() => {
                return bad(path, "电话号码不对，请核对位数");
            }
            path if path.starts_with("duty/") => {
                if let Some(words) = duty::fault(&path["duty/".len()..], said) {
                    return bad(path, words);
                }
            }
            _ => {}
        }
    }
    if before.is_none() && !["code", "name"].iter().all(|path| set.contains_key(*path)) {
        return bad("name", "单位要有编码和名称");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{Story, person};

    #[test]
    fn a_unit_is_made_and_changed_by_who_keeps_the_directory() {
        let mut story = Story::new();
        let admin = person("gan", "sys_admin");
        let unit = Unit { code: "cjb".into(), name: "村建环保办".into(), ..Unit::default() };
        let body = |unit: &Unit| json!({"type": "unit", "place": {"all": true}, "set": unit.values()});
        let ann = person("ann", "village_assistant");
        assert!(matches!(story.admitted(&ann, "create", &body(&unit)), Err(Refusal::NotPermitted(_))));
        let wrong = |story: &mut Story, unit: Unit| {
            matches!(story.admitted(&admin, "create", &body(&unit)), Err(Refusal::Invalid(_)))
        };
        assert!(wrong(&mut story, Unit { name: " ".into(), ..unit.clone() }));
        assert!(wrong(&mut story, Unit { code: "村建".into(), ..unit.clone() }));
        assert!(wrong(&mut story, Unit { group: "nobody".into(), ..unit.clone() }));
        assert!(wrong(&mut story, Unit { phone: "123".into(), ..unit.clone() }));
        story.admitted(&admin, "create", &body(&unit)).unwrap();
        let next = Unit {
            group: "public_service".into(),
            phone: "0838-2345123".into(),
            head: "钟小满".into(),
            ..Unit::of(&story.entity)
        };
        let change = Unit::of(&story.entity).change(&next);
        assert_eq!(change.keys().collect::<Vec<_>>(), ["group", "head", "phone"]);
        story.admitted(&admin, "set", &json!({"set": change})).unwrap();
        assert_eq!(Unit::of(&story.entity), next);
        let renamed = story.admitted(&admin, "set", &json!({"set": {"code": "xin"}}));
        assert!(matches!(renamed, Err(Refusal::Invalid(_))), "a code is never another one");
        // The last phone is taken away again.
        let without = Unit { phone: String::new(), ..next.clone() };
        story.admitted(&admin, "set", &json!({"set": next.change(&without)})).unwrap();
        assert_eq!(Unit::of(&story.entity).phone, "");
    }
}
