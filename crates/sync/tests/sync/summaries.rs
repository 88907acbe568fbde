//! Rows of lists are made anew when what makes them changes.

use std::rc::Rc;

use gridbook_log::Entity;
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::replica::{Project, Replica};

use super::support::*;

/// A later app shows more.
struct Louder;

impl Project for Louder {
    type Summary = String;

    fn summary(&self, entity: &Entity) -> String {
        format!("{}!", entity.text("name").unwrap_or(""))
    }
}

fn louder(store: &Rc<MemoryStore>, env: &TestEnv) -> Replica<Rc<MemoryStore>, Louder> {
    run(Replica::open(store.clone(), Louder, env, "u1")).unwrap()
}

#[test]
fn a_later_app_makes_the_rows_anew_once() {
    let (store, env, tab) = device();
    let ids: Vec<_> = (0..700u64).map(|n| gridbook_log::EntityId::new(n, [3; 10])).collect();
    for (n, id) in ids.iter().enumerate() {
        save(&tab, &env, create(*id, "11", &format!("n{n}")));
    }
    assert_eq!(run(tab.renew_summaries("1")).unwrap(), [], "nothing comes out differently");
    let unsent = tab.unsent();
    let later = louder(&store, &env);
    assert_eq!(run(later.renew_summaries("1")).unwrap(), [], "done under this tag");
    assert_eq!(later.rows()[&ids[5]].summary, "n5");
    assert_eq!(run(later.renew_summaries("2")).unwrap().len(), ids.len());
    assert_eq!(later.rows()[&ids[699]].summary, "n699!");
    assert_eq!(run(later.renew_summaries("2")).unwrap(), []);
    // It is on the disk, nothing else changed, and the other tab hears of it.
    let again = louder(&store, &env);
    assert_eq!(*again.rows(), *later.rows());
    assert_eq!(again.unsent(), unsent);
    run(tab.refresh()).unwrap();
    assert_eq!(tab.rows()[&ids[5]].summary, "n5!");
    run(again.save(&env, &[set(ids[5], "name", "x")], &[], &[])).unwrap();
    assert_eq!(again.rows()[&ids[5]].summary, "x!");
}

#[test]
fn work_of_another_tab_meanwhile_is_not_lost() {
    let (store, env, tab) = device();
    let id = gridbook_log::EntityId::new(1, [3; 10]);
    save(&tab, &env, create(id, "11", "old"));
    let later = louder(&store, &env);
    save(&tab, &env, set(id, "name", "new"));
    run(later.renew_summaries("2")).unwrap();
    let again = louder(&store, &env);
    assert_eq!(again.rows()[&id].summary, "new!");
    assert_eq!(again.rows()[&id].unsent, 2);
}
