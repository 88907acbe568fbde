//! The worker that speaks to a share: WebDAV or CouchDB. It stays while the page synchronises with it.

use std::cell::RefCell;
use std::rc::Rc;

use gridbook::net::{Answer, Call, FetchWire, ShareSetup};
use gridbook::platform::BrowserEnv;
use gridbook_sync::driver::Http;
use gridbook_sync::share::{Setup, Share, ShareKind};

type BrowserShare = Share<FetchWire, BrowserEnv>;

fn main() {
    let share: Rc<RefCell<Option<Rc<BrowserShare>>>> = Rc::default();
    gridbook::worker::listen(move |call: Call, bytes: Vec<u8>| {
        if let Call::Setup(setup) = &call {
            *share.borrow_mut() = Some(Rc::new(connect(setup)));
        }
        let share = share.borrow().clone();
        async move { answer(&*share?, call, bytes).await }
    });
}

fn connect(setup: &ShareSetup) -> BrowserShare {
    let wire = match &setup.relay {
        Some(token) => {
            let token = Rc::new(RefCell::new(Some(token.clone())));
            FetchWire::relayed(&setup.address, &setup.user, &setup.password, token)
        }
        None => FetchWire::direct(&setup.address, &setup.user, &setup.password),
    };
    let kind = if setup.couch { ShareKind::CouchDb } else { ShareKind::WebDav };
    let (slot, tenant, authority) = (setup.slot, setup.tenant.clone(), setup.authority);
    Share::new(wire, BrowserEnv, Setup { kind, slot, tenant, authority })
}

async fn answer(share: &BrowserShare, call: Call, bytes: Vec<u8>) -> Option<(Answer, Option<Vec<u8>>)> {
    match call {
        Call::Setup(_) => None,
        Call::Send(n, request) => {
            let response = share.send(&request, (!bytes.is_empty()).then_some(bytes)).await;
            Some((Answer::Response(n, response), None))
        }
        Call::Probe(n) => Some((Answer::Verdict(n, share.probe().await), None)),
        Call::Blob(n, sha256) => Some((Answer::Blob(n), share.blob(&sha256).await.ok().flatten())),
    }
}
