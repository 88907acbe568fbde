//! A township that worked without a server moves in with everything that it has.

use std::sync::Arc;

use crate::common::{Device, NOON, Open, PASSWORD, Server, role};
use gridbook_domain::authority::{AUTHOR, staff_values};
use gridbook_domain::role::Assignment;
use gridbook_domain::township::Township;
use gridbook_log::body::{Number, Receipt, Reject};
use gridbook_log::{
    BlobRef, Body, Create, DeviceId, EntityId, Op, Placement, WireOp, Writer, key, signed_bytes,
};
use gridbook_server::adopt::{AdoptError, Adopted, Removal, adopt, adopt_from};
use gridbook_server::secret::{hex, sha256};
use gridbook_server::{keep, quarantine, setup, sql};
use gridbook_sync::bundle::{Apart, Bundle, FORMAT, Head};
use gridbook_sync::wire::Verdict;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};

const AUTHORITY: DeviceId = DeviceId([0xAA; 8]);
const TERM: u32 = 1 << 31 | 77;
const TOWN: &str = "510000100";
const WILLOW: &str = "510000100201";
const STONE: &str = "510000100202";

/// A township on a share, as its desk has it: everything anybody wrote, and what the authority said.
struct Town {
    ops: Vec<Op>,
    desk: Device,
    phone: Device,
    answers: Device,
    key: SigningKey,
    photo: Vec<u8>,
    crack: EntityId,
    tanlin: EntityId,
    refused: Op,
}

fn values_of(set: &gridbook_log::Values) -> gridbook_log::body::Set {
    gridbook_log::body::Set { set: set.clone(), ..gridbook_log::body::Set::default() }
}

impl Town {
    /// Nobody here needs a server; `pens` lends the devices that write.
    fn found(pens: &Server) -> Self {
        let mut answers = pens.device_with(AUTHOR, String::new());
        answers.writer = Writer { dev: AUTHORITY, epoch: TERM };
        let (desk, mut phone) =
            (pens.device_with("heyifan", String::new()), pens.device_with("zhouxiao", String::new()));
        // Ten minutes ahead: what the desk answers has an earlier time than what it answers.
        phone.ms += 600_000;
        let photo = b"\xff\xd8 a crack".to_vec();
        let mut town = Self {
            ops: Vec::new(),
            refused: phone.raw(EntityId([0; 16]), "set", "zhouxiao", String::new()),
            desk,
            phone,
            answers,
            key: SigningKey::from_slice(&[7; 32]).unwrap(),
            photo,
            crack: EntityId([0; 16]),
            tanlin: EntityId([0; 16]),
        };
        town.write();
        town
    }

    fn write(&mut self) {
        let record = Township {
            code: TOWN.to_owned(),
            name: "青禾镇".to_owned(),
            number_code: "青禾".to_owned(),
            holder: Some(self.desk.writer.dev),
            term: TERM,
        };
        let made = self.desk.body(Township::id(AUTHORITY), &Body::Create(record.create()));
        self.taken(made);
        let staff = [
            (
                "heyifan",
                "何一凡",
                vec![role("sys_admin", TOWN), role("grid_clerk", TOWN), role("intake_clerk", TOWN)],
            ),
            ("zhouxiao", "周晓", vec![role("village_assistant", WILLOW)]),
            ("tanlin", "谭林", vec![role("village_assistant", STONE)]),
        ];
        for (user, name, held) in staff {
            self.person(user, name, &held);
        }
        let point: key::Point = self.key.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap();
        let writer = self.phone.writer;
        let announced = self.phone.body(key::id(writer), &Body::Create(key::record(&point, &[])));
        self.taken(announced);

        let create = self.phone.create("hazard", WILLOW);
        self.crack = create.entity();
        self.taken(create);
        let blob = BlobRef {
            sha256: hex(&sha256(&self.photo)),
            size: u32::try_from(self.photo.len()).unwrap(),
            mime: "image/jpeg".to_owned(),
            role: "photo_before".to_owned(),
            thumb: None,
        };
        let set = gridbook_log::body::Set { blobs: vec![blob], ..gridbook_log::body::Set::default() };
        let with_photo = self.phone.body(self.crack, &Body::Set(set));
        self.taken(with_photo);
        self.desk.entities.insert(self.crack, self.phone.entities[&self.crack].clone());
        let registered = self.desk.event(self.crack, "register", "submitted", "registered");
        self.taken(registered);
        self.say(
            self.crack,
            &Body::Number(Number { number: "青禾〔2026〕隐字第00012号".to_owned(), paper: None }),
        );
        self.refused = self.phone.set(self.crack, "desc", "登记以后改的");
        self.knows(&self.refused.clone());
        let reject = Reject { op: self.refused.dot(), code: "not_permitted".to_owned() };
        self.ops.push(self.refused.clone());
        self.say(self.crack, &Body::Reject(reject));
    }

    fn person(&mut self, user: &str, name: &str, held: &[Assignment]) {
        let place = Placement { all: Some(true), ..Placement::default() };
        let set = staff_values(user, name, held);
        let create = Create { type_: "staff".to_owned(), place, set, ..Create::default() };
        let id = self.desk.fresh_id();
        let op = self.desk.body(id, &Body::Create(create));
        self.tanlin = id;
        self.taken(op);
    }

    fn knows(&mut self, op: &Op) {
        let slot = self.answers.entities.entry(op.entity());
        slot.or_insert_with(|| gridbook_log::Entity::new(op.entity(), None)).apply(op);
    }

    /// The desk answered that this was taken in.
    fn taken(&mut self, op: Op) {
        self.knows(&op);
        let receipt = Receipt { ops: vec![op.dot()], at: NOON, drift: 0 };
        let entity = op.entity();
        self.ops.push(op);
        self.say(entity, &Body::Receipt(receipt));
    }

    fn say(&mut self, entity: EntityId, body: &Body) {
        let op = self.answers.body(entity, body);
        self.ops.push(op);
    }

    fn lay_down(&mut self) {
        let record = Township { term: TERM, ..Township::default() };
        let op = self.desk.body(Township::id(AUTHORITY), &Body::Set(record.hand_over()));
        self.ops.push(op);
    }

    fn file(&self) -> Bundle {
        let head = Head {
            gridbook_bundle: FORMAT,
            user: "heyifan".to_owned(),
            name: "何一凡".to_owned(),
            township: TOWN.to_owned(),
            writer: self.desk.writer,
            made_at: NOON,
            ops: self.ops.len(),
            blobs: 1,
            reader: None,
            part: None,
        };
        let blobs = vec![(hex(&sha256(&self.photo)), self.photo.clone())];
        Bundle { head, ops: self.ops.iter().map(Op::to_wire).collect(), blobs }
    }

    fn read(&self, lost_desk: bool) -> Result<Removal, AdoptError> {
        // As it comes from the file.
        Removal::read(Bundle::read(&self.file().write()).unwrap(), lost_desk)
    }
}

async fn pens() -> Server {
    Server::open().await
}

async fn server_for(removal: &Removal) -> Server {
    let tenant = removal.tenant.clone();
    Server::with(|config| {
        config.admission = Arc::new(Open);
        config.tenant = tenant;
    })
    .await
}

/// Takes up an invitation as a person does, and signs a device in.
async fn come(server: &Server, device: &mut Device) {
    let link = setup::reset(server.app(), &device.user).await.unwrap();
    let code = link.rsplit('/').next().unwrap();
    let body = serde_json::json!({ "password": PASSWORD });
    let (status, answer) =
        server.call("POST", &format!("/api/invites/{code}/accept"), None, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    answer["token"].as_str().unwrap().clone_into(&mut device.token);
    device.follow(server);
}

#[tokio::test]
async fn a_township_moves_in_with_its_people_its_numbers_and_its_photos() {
    let mut town = Town::found(&pens().await);
    town.lay_down();
    // Written after the desk had closed, by a known person, by one whom a rule stops, and by a stranger.
    let late = town.phone.create("hazard", WILLOW);
    let wrong = town.phone.create_with("hazard", WILLOW, &serde_json::json!({ "desc": "forbidden" }));
    let lent = pens().await;
    let stranger = lent.device_with("nobody", String::new()).create("hazard", STONE);
    // The desk's own remark builds on what nobody has answered, and its author comes first by name.
    town.desk.entities.insert(late.entity(), town.phone.entities[&late.entity()].clone());
    let remark = town.desk.set(late.entity(), "remark", "明天去看");
    // And a role was given meanwhile.
    let held = [role("village_assistant", STONE), role("duty_officer", STONE)];
    let set = values_of(&staff_values("tanlin", "谭林", &held));
    let promoted = town.desk.body(town.tanlin, &Body::Set(set));
    town.ops.extend([late.clone(), wrong.clone(), stranger.clone(), remark.clone(), promoted]);

    let removal = town.read(false).unwrap();
    let mut server = server_for(&removal).await;
    let answered = town.ops.len() - 5;
    let done = adopt(server.app(), removal).await.unwrap();
    let expected =
        Adopted { ops: answered, photos: 1, people: 3, stored: 3, rejected: 1, left: 1, in_file: 0 };
    assert_eq!(done, expected);

    let made: (String, String) = sql::query_as("SELECT type, creator FROM entities WHERE entity = ?")
        .bind(town.crack.0.to_vec())
        .fetch_one(&server.app().readers)
        .await
        .unwrap();
    assert_eq!(made, ("hazard".to_owned(), "zhouxiao".to_owned()), "whoever's clock runs ahead");
    assert_eq!(server.stream(late.entity()).await.iter().filter(|op| op.id() == remark.id()).count(), 1);
    let roles: Vec<String> =
        sql::query_scalar("SELECT role FROM assignments WHERE account = 'tanlin' ORDER BY ord")
            .fetch_all(&server.app().readers)
            .await
            .unwrap();
    assert_eq!(roles, ["village_assistant", "duty_officer"]);

    // Another phone of the same person has everything, as it was answered.
    let mut fresh = server.device_with("zhouxiao", String::new());
    come(&server, &mut fresh).await;
    fresh.pull().await;
    let crack = gridbook_log::Entity::fold(town.crack, Some(AUTHORITY), &server.stream(town.crack).await);
    assert_eq!(crack.number(), Some("青禾〔2026〕隐字第00012号"));
    assert_eq!(crack.text("desc"), Some("一句话"), "what was refused stays refused");
    assert_eq!(crack.rejected().get(&town.refused.dot()).map(String::as_str), Some("not_permitted"));
    assert!(fresh.visible.contains(&town.crack) && fresh.visible.contains(&late.entity()));
    let name = format!("{}/sync/v1/blobs/{}", server.url, hex(&sha256(&town.photo)));
    let got = server.http.get(&name).bearer_auth(&fresh.token).send().await.unwrap();
    assert_eq!(got.bytes().await.unwrap(), town.photo);

    // The old phone goes on under its name: what it sends again is there, what is new is taken.
    let mut phone = town.phone.clone();
    come(&server, &mut phone).await;
    let again: Vec<Op> = town.ops.iter().filter(|op| op.dot().writer == phone.writer).cloned().collect();
    assert!(phone.push(&again).await.results.iter().all(|r| r.r == Verdict::Dup));
    let next = phone.create("hazard", WILLOW);
    phone.push_ok(std::slice::from_ref(&next)).await;

    // Whoever may not see the village does not.
    let mut elsewhere = server.device_with("tanlin", String::new());
    come(&server, &mut elsewhere).await;
    elsewhere.pull().await;
    assert!(!elsewhere.visible.contains(&town.crack));

    // Numbers go on.
    let mut desk = town.desk.clone();
    come(&server, &mut desk).await;
    desk.entities.insert(next.entity(), phone.entities[&next.entity()].clone());
    let registered = desk.event(next.entity(), "register", "submitted", "registered");
    desk.push_ok(std::slice::from_ref(&registered)).await;
    let folded =
        gridbook_log::Entity::fold(next.entity(), Some(AUTHORITY), &server.stream(next.entity()).await);
    assert_eq!(folded.number(), Some("青禾〔2026〕隐字第00013号"));

    // The key that was made known on the share counts here: somebody else may bring what the phone signed.
    let carried = phone.create("hazard", WILLOW);
    let signature: Signature = town.key.sign(&signed_bytes(carried.hash()));
    let signed = carried.signed(&signature.to_bytes().into());
    elsewhere.push_ok(std::slice::from_ref(&signed)).await;

    // The stranger's record waits; nothing is lost.
    let held = quarantine::list(&server.app().readers, server.app().tenant.id).await.unwrap();
    assert_eq!(held.iter().map(|held| (held.user.as_str(), held.ops)).collect::<Vec<_>>(), [("nobody", 1)]);

    // A second time there is no room for another township, nor for this one again.
    let before: i64 = count(&server).await;
    let refused = adopt(server.app(), town.read(false).unwrap()).await.unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.code), (409, "taken"));
    assert_eq!(count(&server).await, before);
    server.stop().await;
}

async fn count(server: &Server) -> i64 {
    sql::query_scalar("SELECT COUNT(*) FROM ops").fetch_one(&server.app().readers).await.unwrap()
}

#[tokio::test]
async fn another_township_stays_as_it_is() {
    let mut town = Town::found(&pens().await);
    town.lay_down();
    let server = Server::open().await;
    let refused = adopt(server.app(), town.read(false).unwrap()).await.unwrap_err();
    assert_eq!((refused.status.as_u16(), refused.code), (409, "taken"));
    assert_eq!(count(&server).await, 0);
}

#[tokio::test]
async fn while_a_desk_gives_numbers_nobody_else_does() {
    let mut town = Town::found(&pens().await);
    assert_eq!(town.read(false).unwrap_err(), AdoptError::Held);

    // The desk is lost: numbers it may have given since wait for a person with the ledger.
    let removal = town.read(true).unwrap();
    assert!(removal.numbers_held);
    let mut server = server_for(&removal).await;
    adopt(server.app(), removal).await.unwrap();
    let mut desk = server.device_with("heyifan", String::new());
    come(&server, &mut desk).await;
    let mut phone = town.phone.clone();
    come(&server, &mut phone).await;
    let create = phone.create("hazard", WILLOW);
    phone.push_ok(std::slice::from_ref(&create)).await;
    desk.entities.insert(create.entity(), phone.entities[&create.entity()].clone());
    let registered = desk.event(create.entity(), "register", "submitted", "registered");
    desk.push_ok(std::slice::from_ref(&registered)).await;
    let number = |ops: Vec<Op>| {
        gridbook_log::Entity::fold(create.entity(), Some(AUTHORITY), &ops).number().map(str::to_owned)
    };
    assert_eq!(number(server.stream(create.entity()).await), None);
    let db = server.config.db.clone();
    server.stop().await;
    let mark = keep::Mark { series: "隐".to_owned(), year: 2026, last: 15 };
    keep::confirm_numbers(&db, &[mark]).await.unwrap();
    server.restart_only().await;
    // It answers when the numbers that waited are given.
    assert_eq!(server.call("GET", "/healthz", None, None).await.0, 200);
    assert_eq!(number(server.stream(create.entity()).await).as_deref(), Some("青禾〔2026〕隐字第00016号"));
    town.lay_down();
    assert!(!town.read(false).unwrap().numbers_held);
    server.stop().await;
}

#[tokio::test]
async fn what_does_not_hold_everything_is_not_taken() {
    let mut town = Town::found(&pens().await);
    town.lay_down();
    let mut file = town.file();
    file.head.reader = Some("zhouxiao".to_owned());
    assert_eq!(Removal::read(file, false).unwrap_err(), AdoptError::OneReader);
    let mut file = town.file();
    let id = Township::id(AUTHORITY);
    let of = |wire: &WireOp| Op::from_wire(wire.clone()).unwrap().entity();
    file.ops.retain(|wire| of(wire) != id);
    assert_eq!(Removal::read(file, true).unwrap_err(), AdoptError::NoTownship);
}

#[tokio::test]
async fn a_township_too_large_for_one_file_moves_in_from_several_and_from_no_fewer() {
    let mut town = Town::found(&pens().await);
    town.lay_down();
    let whole = town.file();
    let each = whole.ops.len().div_ceil(3);
    let part = |(at, ops): (usize, &[WireOp])| {
        let blobs = if at == 2 { whole.blobs.clone() } else { Vec::new() };
        let (part, lengths) = (Some((at + 1, 3)), (ops.len(), blobs.len()));
        let head = Head { part, ops: lengths.0, blobs: lengths.1, ..whole.head.clone() };
        Bundle { head, ops: ops.to_vec(), blobs }
    };
    let parts: Vec<Bundle> = whole.ops.chunks(each).enumerate().map(part).collect();
    let open = |at: usize| Ok::<_, AdoptError>(Bundle::read(&parts[at].write()).unwrap());
    let missing = Removal::of_files(2, open, false).unwrap_err();
    assert_eq!(missing, AdoptError::Apart(Apart::Missing(3, 3)));
    assert!(missing.message().contains("少第 3 个"), "{}", missing.message());
    assert_eq!(Removal::of_files(2, |_| open(0), false).unwrap_err(), AdoptError::Apart(Apart::Others));

    // In whatever order they are named.
    let named = [2, 0, 1];
    let removal = || Removal::of_files(3, |at| open(named[at]), false).unwrap();
    let server = server_for(&removal()).await;
    // One that cannot be read the second time: nothing has changed.
    let gone = [Ok(Vec::new()), Err(gridbook_server::problem::ApiError::bad("file", "读不了"))];
    assert_eq!(adopt_from(server.app(), removal(), gone).await.unwrap_err().code, "file");
    assert_eq!(count(&server).await, 0);
    let photos = named.iter().map(|at| Ok(parts[*at].blobs.clone()));
    let done = adopt_from(server.app(), removal(), photos).await.unwrap();
    let expected = Adopted { ops: town.ops.len(), photos: 1, people: 3, ..Adopted::default() };
    assert_eq!(done, expected);
    let stored: i64 =
        sql::query_scalar("SELECT COUNT(*) FROM blobs").fetch_one(&server.app().readers).await.unwrap();
    assert_eq!(stored, 1);
    assert!(server.app().blobs.get(&whole.blobs[0].0).await.unwrap() == Some(whole.blobs[0].1.clone()));
}
