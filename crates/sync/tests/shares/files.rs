//! Photos and recordings on a share: whole, in parts, over a bad line.

use super::*;

#[test]
fn files_are_verified_and_parted() {
    for kind in KINDS {
        let wire = Bent::new(kind);
        let client = Client::new(&wire, kind, 1);
        client.caps();
        for bytes in [vec![5u8; 10], (0..2_500_000u32).map(|n| (n % 251) as u8).collect()] {
            let sha256 = sha256_of(&bytes);
            let put = Request::PutBlob { sha256: sha256.clone() };
            assert_eq!(now(client.share.blob(&sha256)), Ok(None));
            assert_eq!(now(client.share.send(&put, Some(bytes.clone()))), Response::Blob);
            assert_eq!(now(client.share.send(&put, Some(bytes.clone()))), Response::Blob);
            assert_eq!(now(client.share.blob(&sha256)), Ok(Some(bytes.clone())));
            let wrong = Request::PutBlob { sha256: "0".repeat(64) };
            assert_eq!(failed(now(client.share.send(&wrong, Some(bytes)))).0, 422);
        }
    }
}

/// Sends a file as the engine does, in pieces, until it is there or the line breaks; gives how many bytes went over.
fn pieces(client: &Client, sha256: &str, bytes: &[u8]) -> Result<usize, Box<Response>> {
    let mut sent = 0;
    let mut answer = now(client.share.send(&Request::AskBlob { sha256: sha256.to_owned() }, None));
    loop {
        let offset = match answer {
            Response::Blob => return Ok(sent),
            Response::BlobAt(Some(offset)) => offset,
            other => return Err(Box::new(other)),
        };
        let part = Request::PutPart { sha256: sha256.to_owned(), offset, length: bytes.len() };
        let cut = part.cut(bytes.to_vec());
        sent += cut.len();
        answer = now(client.share.send(&part, Some(cut)));
    }
}

#[test]
fn a_large_file_over_a_bad_line_goes_on_where_it_stopped() {
    let bytes: Vec<u8> = (0..3_300_000u32).map(|n| (n % 251) as u8).collect();
    let sha256 = sha256_of(&bytes);
    for kind in KINDS {
        let wire = Bent::new(kind);
        Client::new(&wire, kind, 1).caps();
        // The line breaks with every second part that arrives, and each time the tab is opened anew.
        let (arrived, mut tabs, mut sent) = (Rc::new(Cell::new(0usize)), 0, 0);
        loop {
            tabs += 1;
            assert!(tabs < 20, "{kind:?}: it never gets there");
            let (direct, count) = (wire.direct.clone(), arrived.clone());
            wire.bend(move |request| {
                let part = request.method == "PUT" && request.body.len() > 200_000;
                if !part {
                    return None;
                }
                count.set(count.get() + 1);
                if count.get() % 2 == 0 {
                    return status(0);
                }
                now(direct.send(request.clone())).ok()
            });
            let client = Client::new(&wire, kind, 1);
            match pieces(&client, &sha256, &bytes) {
                Ok(more) => {
                    sent += more;
                    break;
                }
                Err(lost) => {
                    assert_eq!(*lost, Response::Lost, "{kind:?}");
                    assert_eq!(now(client.share.blob(&sha256)), Ok(None), "not before all is there");
                }
            }
        }
        wire.straighten();
        assert!(tabs > 2, "{kind:?}: the line never broke");
        assert!(sent < bytes.len(), "{kind:?}: the last tab sent all of it again");
        let reader = Client::new(&wire, kind, 2);
        assert_eq!(now(reader.share.blob(&sha256)), Ok(Some(bytes.clone())));
        // Once more costs a look, whichever way it comes.
        wire.asked();
        assert_eq!(pieces(&reader, &sha256, &bytes).map(|sent| sent <= 128 * 1024), Ok(true));
        let put = Request::PutBlob { sha256: sha256.clone() };
        assert_eq!(now(reader.share.send(&put, Some(bytes.clone()))), Response::Blob);
        let puts = wire.asked().iter().filter(|request| request.method == "PUT").count();
        assert_eq!(puts, 0, "{kind:?}");
    }
}

#[test]
fn parts_that_went_with_a_backup_put_back_meanwhile_are_sent_again() {
    let bytes: Vec<u8> = (0..3_300_000u32).map(|n| (n % 239) as u8).collect();
    let sha256 = sha256_of(&bytes);
    for kind in KINDS {
        let wire = Bent::new(kind);
        let client = Client::new(&wire, kind, 1);
        client.caps();
        wire.direct.share.borrow_mut().back_up();
        let (direct, count) = (wire.direct.clone(), Rc::new(Cell::new(0usize)));
        wire.bend(move |request| {
            let part = request.method == "PUT" && request.body.len() > 200_000;
            count.set(count.get() + usize::from(part));
            if part && count.get() == 3 {
                // Two parts are gone; the third and those that follow arrive.
                direct.share.borrow_mut().restore();
            }
            None
        });
        let broken = pieces(&client, &sha256, &bytes).map_err(|answer| failed(*answer).0);
        assert_eq!(broken, Err(502), "{kind:?}");
        assert_eq!(now(client.share.blob(&sha256)), Ok(None), "{kind:?}");
        wire.straighten();
        let sent = pieces(&client, &sha256, &bytes);
        assert!(sent.is_ok_and(|sent| sent < bytes.len()), "{kind:?}: only what is missing");
        assert_eq!(now(client.share.blob(&sha256)), Ok(Some(bytes.clone())), "{kind:?}");
    }
}

#[test]
fn parts_that_went_just_before_they_were_named_are_sent_again() {
    let bytes: Vec<u8> = (0..3_300_000u32).map(|n| (n % 233) as u8).collect();
    let sha256 = sha256_of(&bytes);
    for kind in KINDS {
        let wire = Bent::new(kind);
        let client = Client::new(&wire, kind, 1);
        client.caps();
        let (direct, parts) = (wire.direct.clone(), Cell::new(0usize));
        let document = format!("blob-{sha256}");
        wire.bend(move |request| {
            if request.method != "PUT" {
                return None;
            }
            let mut share = direct.share.borrow_mut();
            parts.set(parts.get() + usize::from(request.body.len() > 200_000));
            if request.path == document || request.path.ends_with("whole.json") {
                assert!(share.restore(), "{kind:?}");
            } else if parts.get() == 3 {
                // The folder and some parts are there.
                share.back_up();
            }
            None
        });
        let broken = pieces(&client, &sha256, &bytes).map_err(|answer| failed(*answer).0);
        assert_eq!(broken, Err(502), "{kind:?}");
        wire.straighten();
        let sent = pieces(&client, &sha256, &bytes);
        assert!(sent.is_ok_and(|sent| sent < bytes.len()), "{kind:?}: only what is missing");
        assert_eq!(now(client.share.blob(&sha256)), Ok(Some(bytes.clone())), "{kind:?}");
    }
}

#[test]
fn a_document_that_goes_while_it_is_asked_for_does_not_pass_for_a_whole_file() {
    let bytes: Vec<u8> = (0..1_500_000u32).map(|n| (n % 229) as u8).collect();
    let sha256 = sha256_of(&bytes);
    let wire = Bent::new(ShareKind::CouchDb);
    let client = Client::new(&wire, ShareKind::CouchDb, 1);
    client.caps();
    wire.direct.share.borrow_mut().back_up();
    // It names parts that are not there, and goes with a backup before it can be read.
    let document = format!("blob-{sha256}");
    wire.raw("PUT", &document, format!("{{\"chunks\":2,\"size\":{}}}", bytes.len()).into_bytes());
    let direct = wire.direct.clone();
    wire.bend(move |request| {
        if request.method == "GET" && request.path == document {
            direct.share.borrow_mut().restore();
        }
        None
    });
    assert_eq!(pieces(&client, &sha256, &bytes), Ok(bytes.len()), "all of it is sent");
    assert_eq!(now(client.share.blob(&sha256)), Ok(Some(bytes)));
}

#[test]
fn a_part_that_was_cut_off_is_sent_again_and_an_old_whole_file_is_read() {
    let bytes: Vec<u8> = (0..1_500_000u32).map(|n| (n % 241) as u8).collect();
    let sha256 = sha256_of(&bytes);
    let wire = Bent::new(ShareKind::WebDav);
    let client = Client::new(&wire, ShareKind::WebDav, 1);
    client.caps();
    let put = Request::PutBlob { sha256: sha256.clone() };
    assert_eq!(now(client.share.send(&put, Some(bytes.clone()))), Response::Blob);
    let folder = format!("blobs/{}/{sha256}/", &sha256[..2]);
    assert_eq!(wire.files(&folder).len(), 7, "six parts and their list");
    wire.raw("PUT", &format!("{folder}3.bin"), vec![1; 1000]);
    assert_eq!(now(client.share.blob(&sha256)), Ok(None));
    let again = Client::new(&wire, ShareKind::WebDav, 1);
    wire.asked();
    assert_eq!(now(again.share.send(&put, Some(bytes.clone()))), Response::Blob);
    let sent: usize = wire.asked().iter().filter(|r| r.method == "PUT").map(|r| r.body.len()).sum();
    assert!(sent < 300_000, "{sent}: one part and the list");
    assert_eq!(now(again.share.blob(&sha256)), Ok(Some(bytes.clone())));

    // As an app of before put it: whole, whatever its size.
    let old: Vec<u8> = bytes.iter().rev().copied().collect();
    let name = sha256_of(&old);
    let path = format!("blobs/{}/{name}.bin", &name[..2]);
    wire.raw("MKCOL", &format!("blobs/{}/", &name[..2]), Vec::new());
    wire.raw("PUT", &path, old.clone());
    assert_eq!(now(again.share.blob(&name)), Ok(Some(old.clone())));
    assert_eq!(pieces(&again, &name, &old).map(|sent| sent <= 128 * 1024), Ok(true), "it is there");
    // One that was cut off does not stand in the way.
    wire.raw("PUT", &path, old[..1000].to_vec());
    assert_eq!(now(again.share.blob(&name)), Ok(None));
    assert_eq!(pieces(&again, &name, &old), Ok(old.len()));
    assert_eq!(now(again.share.blob(&name)), Ok(Some(old)));
}

fn sha256_of(bytes: &[u8]) -> String {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
