//! Documents whose generated text somebody edited before printing (MED-07): the text is a value of the record, one path a
//! document, so that it has an author, a history and contradictions like everything else. Cleared, the document is
//! generated again.

use gridbook_log::Entity;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::document::{Block, Document, Template};
use crate::form::Values;
use crate::package::Package;

/// Where edited documents stand in a record: this, the template's id, `text`.
const HEAD: &str = "papers/";
/// Pieces of a document at most.
const MAX_BLOCKS: usize = 300;
/// Characters of a document at most.
const MAX_CHARS: usize = 20_000;

/// An edited text as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    blocks: Vec<Block>,
    /// What the generated text was when it was edited, by its mark.
    of: String,
}

/// An edited text with who wrote it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Account of whoever wrote it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// The record has changed since, so that the generated text says something else now.
    pub outdated: bool,
}

/// Why a value is no text of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EditProblem {
    /// Somebody signed it: other words must not stand above a signature.
    #[error("这份文书已经有人签名, 文字不能再改")]
    Signed,
    /// No template of this id, or one whose text follows from others.
    #[error("这份文书不能改文字")]
    Template,
    /// Not of the shape.
    #[error("文书的文字格式不对")]
    Shape,
    /// Nothing left.
    #[error("文书里没有文字")]
    Empty,
    /// Too long.
    #[error("文书太长, 最多两万字")]
    Long,
}

/// The path of a document's edited text.
pub fn path(template: &str) -> String {
    format!("{HEAD}{template}/text")
}

/// The document that a path is the text of; `None` for every other path.
pub fn document_of(path: &str) -> Option<&str> {
    path.strip_prefix(HEAD)?.split_once('/').map(|(template, _)| template)
}

/// Whether a document's text may be edited: not the list of the volume, which follows from the pages.
pub fn editable(template: &Template) -> bool {
    !template.blocks.iter().any(|block| block.catalogue)
}

/// Whether there are signatures under a document of this record.
pub fn signed(entity: &Entity, template: &Template) -> bool {
    entity.blobs().iter().any(|(_, blob)| template.signed().any(|(_, role)| blob.role == role))
}

/// A mark of a generated text; other words, another mark.
pub fn mark(blocks: &[Block]) -> String {
    let text = serde_json::to_string(blocks).unwrap_or_default();
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The value to store for an edited text. `generated` is what stood there without it.
pub fn value(blocks: Vec<Block>, generated: &[Block]) -> Value {
    serde_json::to_value(Stored { blocks, of: mark(generated) }).unwrap_or_default()
}

/// Judges a value that somebody wants to store at the path of a document's text in this record.
///
/// # Errors
/// [`EditProblem`].
pub fn judge(package: &Package, entity: &Entity, path: &str, value: &Value) -> Result<(), EditProblem> {
    let id = document_of(path).unwrap_or_default();
    let template = package.template(id).filter(|template| editable(template) && path == self::path(id));
    if signed(entity, template.ok_or(EditProblem::Template)?) {
        return Err(EditProblem::Signed);
    }
    if value.is_null() {
        return Ok(());
    }
    let stored: Stored = serde_json::from_value(value.clone()).map_err(|_| EditProblem::Shape)?;
    let chars = |texts: &[String]| texts.iter().map(|text| text.chars().count()).sum::<usize>();
    let length = stored.blocks.iter().map(|block| match block {
        Block::Paragraph(text) => text.trim().chars().count(),
        Block::Table { head, rows } => chars(head) + rows.iter().map(|row| chars(row)).sum::<usize>(),
    });
    match length.sum::<usize>() {
        0 => Err(EditProblem::Empty),
        n if n > MAX_CHARS || stored.blocks.len() > MAX_BLOCKS => Err(EditProblem::Long),
        _ => Ok(()),
    }
}

/// The edited text of a document among the values of a record; `None` where it is generated.
pub fn blocks(values: &Values, template: &str) -> Option<Vec<Block>> {
    let stored: Stored = serde_json::from_value(values.get(&path(template))?.clone()).ok()?;
    Some(stored.blocks)
}

/// What a text that somebody is editing was begun on. Kept with what was typed, it tells later whether another text stands
/// there by now, which to save over is to throw away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// Who had edited the document last, and when, milliseconds since 1970; `None` where it was generated.
    edited: Option<(String, u64)>,
    /// What the generated text was, by its mark.
    of: String,
}

/// What became of a document since somebody began to edit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Nothing.
    Same,
    /// Somebody saved another text: who, and when, milliseconds since 1970.
    Saved(String, u64),
    /// The edited text was taken back: it is generated again.
    TakenBack,
    /// The record says something else now, and so does the generated text.
    Record,
}

impl Ground {
    /// The document of a record as it stands now; `generated` is its text on any day.
    pub fn now(entity: &Entity, template: &str, generated: &[Block]) -> Self {
        let edited = stored(entity, template).map(|(_, by, at)| (by, at));
        Self { edited, of: mark(generated) }
    }

    /// What became of it until `now`. What people saved comes before what the record says.
    pub fn since(&self, now: &Self) -> Since {
        match &now.edited {
            edited if *edited == self.edited && self.of == now.of => Since::Same,
            edited if *edited == self.edited => Since::Record,
            Some((by, at)) => Since::Saved(by.clone(), *at),
            None => Since::TakenBack,
        }
    }
}

/// The edited text of a document, who wrote it and when.
fn stored(entity: &Entity, template: &str) -> Option<(Stored, String, u64)> {
    let register = entity.register(&path(template))?;
    let text = serde_json::from_value(register.value()?.clone()).ok()?;
    let write = register.heads().next()?;
    Some((text, write.user.clone(), write.hlc.ms))
}

/// Puts the edited text into a generated document, where there is one; `generated` is its text on any day, for the mark.
pub fn apply(entity: &Entity, document: &mut Document, generated: &[Block]) -> Option<Edited> {
    let (text, by, at) = stored(entity, &document.id)?;
    document.blocks = text.blocks;
    Some(Edited { by, at, outdated: text.of != mark(generated) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, blob, person};
    use crate::mediation::Mediation;
    use crate::mediation::document::document;

    const DAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 5, 20).unwrap();

    fn file() -> Story {
        let mut story = Story::new();
        let initial = &Package::builtin().flow(crate::record::RecordKind::Mediation).unwrap().initial;
        let body = json!({
            "type": "mediation", "form": "F-MEDIATION/1", "state": initial, "place": {"area": GRID},
            "set": {"dispute": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "case_name": "排水沟纠纷", "committee": "柳溪村调委会", "facts": "为排水沟争吵", "category": "neighbor",
                "source": "initiative", "registrar": "梅小雨", "accepted_on": "2026-05-18",
                "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
                "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒"}
        });
        story.admitted(&person("mei", "mediator"), "create", &body).unwrap();
        story
    }

    fn paper(story: &Story, id: &str) -> (Document, Option<Edited>) {
        let (package, view) = (Package::builtin(), story.view());
        let form = view.form.as_deref().and_then(|name| package.form_named(name));
        let template = package.template(id).unwrap();
        let make = |day| document(package, form, &Mediation::of(&view), template, day);
        let (mut paper, any_day) = (make(DAY), make(NaiveDate::default()));
        let edited = apply(&story.entity, &mut paper, &any_day.blocks);
        (paper, edited)
    }

    fn write(story: &mut Story, who: &str, role: &str, id: &str, text: &Value) -> Result<(), String> {
        let set = json!({"set": {path(id): text}});
        story
            .admitted(&person(who, role), "set", &set)
            .map(|_| ())
            .map_err(|refusal| refusal.code().to_owned())
    }

    #[test]
    fn what_was_edited_is_printed_until_it_is_generated_again() {
        let mut story = file();
        let (generated, none) = paper(&story, "rights_notice");
        assert_eq!(none, None);
        let mut blocks = generated.blocks.clone();
        blocks[0] = Block::Paragraph("钟小满、季大寒：请到村委会来。".to_owned());
        let text = value(blocks.clone(), &generated.blocks);
        write(&mut story, "mei", "mediator", "rights_notice", &text).unwrap();
        let (shown, edited) = paper(&story, "rights_notice");
        assert_eq!((shown.blocks, shown.signatures), (blocks, generated.signatures), "lines to sign stay");
        let edited = edited.unwrap();
        assert_eq!((edited.by.as_str(), edited.outdated), ("mei", false));
        assert_eq!(paper(&story, "application").1, None, "one document at a time");
        // A party is called otherwise now: the text that was edited does not know.
        let renamed = json!({"set": {"parties/p1/name": "钟大满"}});
        story.admitted(&person("mei", "mediator"), "set", &renamed).unwrap();
        assert!(paper(&story, "rights_notice").1.unwrap().outdated);
        write(&mut story, "mei", "mediator", "rights_notice", &Value::Null).unwrap();
        let (again, none) = paper(&story, "rights_notice");
        assert_eq!(none, None);
        assert!(format!("{:?}", again.blocks).contains("钟大满"));
    }

    #[test]
    fn what_somebody_else_saved_meanwhile_is_not_overwritten_unseen() {
        let mut story = file();
        let text = |words: &str| value(vec![Block::Paragraph(words.to_owned())], &[]);
        let ground = |story: &Story| {
            let package = Package::builtin();
            let view = story.view();
            let form = view.form.as_deref().and_then(|name| package.form_named(name));
            let template = package.template("rights_notice").unwrap();
            let generated = document(package, form, &Mediation::of(&view), template, NaiveDate::default());
            Ground::now(&story.entity, "rights_notice", &generated.blocks)
        };
        let begun = ground(&story);
        assert_eq!(begun.since(&ground(&story)), Since::Same);
        write(&mut story, "mei", "mediator", "note", &text("另一份文书")).unwrap();
        assert_eq!(begun.since(&ground(&story)), Since::Same, "another document is none of its business");
        let renamed = json!({"set": {"parties/p1/name": "钟大满"}});
        story.admitted(&person("mei", "mediator"), "set", &renamed).unwrap();
        assert_eq!(begun.since(&ground(&story)), Since::Record);
        write(&mut story, "mei", "mediator", "rights_notice", &text("请到村委会来")).unwrap();
        let Since::Saved(by, at) = begun.since(&ground(&story)) else { panic!("somebody saved") };
        assert_eq!(by, "mei");
        // Kept with the draft, it says the same later; and once that was seen, only the next one is news.
        let kept: Ground = serde_json::from_value(serde_json::to_value(&begun).unwrap()).unwrap();
        assert_eq!(kept.since(&ground(&story)), Since::Saved(by, at));
        let seen = ground(&story);
        write(&mut story, "mei", "mediator", "rights_notice", &text("请到镇上来")).unwrap();
        assert!(matches!(seen.since(&ground(&story)), Since::Saved(..)));
        let seen = ground(&story);
        write(&mut story, "mei", "mediator", "rights_notice", &Value::Null).unwrap();
        assert_eq!(seen.since(&ground(&story)), Since::TakenBack);
    }

    #[test]
    fn nobody_changes_the_words_above_a_signature() {
        let mut story = file();
        let text = value(vec![Block::Paragraph("先写的".to_owned())], &[]);
        write(&mut story, "mei", "mediator", "rights_notice", &text).unwrap();
        let role = Package::builtin().template("rights_notice").unwrap().signed.clone();
        let sign = json!({"set": {}, "blobs": [blob(&role)]});
        story.admitted(&person("mei", "mediator"), "set", &sign).unwrap();
        let other = value(vec![Block::Paragraph("后写的".to_owned())], &[]);
        for words in [&other, &Value::Null] {
            let refused = write(&mut story, "mei", "mediator", "rights_notice", words);
            assert_eq!(refused, Err("invalid".to_owned()));
        }
        let path = path("rights_notice");
        assert_eq!(judge(Package::builtin(), &story.entity, &path, &other), Err(EditProblem::Signed));
        write(&mut story, "mei", "mediator", "note", &other).unwrap();
    }

    #[test]
    fn who_may_not_write_the_file_edits_none_of_its_documents() {
        let mut story = file();
        let text = value(vec![Block::Paragraph("x".to_owned())], &[]);
        assert_eq!(
            write(&mut story, "ann", "village_assistant", "note", &text),
            Err("not_permitted".to_owned())
        );
        assert_eq!(write(&mut story, "mei", "mediator", "note", &text), Ok(()));
    }

    #[test]
    fn what_is_no_text_of_a_document_is_refused() {
        let mut story = file();
        let long = value(vec![Block::Paragraph("长".repeat(MAX_CHARS + 1))], &[]);
        let empty = value(vec![Block::Paragraph("  ".to_owned())], &[]);
        let good = value(vec![Block::Paragraph("x".to_owned())], &[]);
        for (id, text) in [
            ("note", json!("x")),
            ("note", long),
            ("note", empty),
            ("catalogue", good.clone()),
            ("no_such_paper", good),
        ] {
            assert_eq!(write(&mut story, "mei", "mediator", id, &text), Err("invalid".to_owned()), "{id}");
        }
    }
}
