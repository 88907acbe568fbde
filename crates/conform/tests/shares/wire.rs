//! A share's connection that counts its requests.

use std::cell::Cell;
use std::rc::Rc;

use gridbook_conform::wire::NativeWire;
use gridbook_sync::share::{Lost, RawRequest, RawResponse, Wire};

#[derive(Clone)]
pub struct CountedWire {
    to: NativeWire,
    requests: Rc<Cell<usize>>,
}

impl CountedWire {
    pub fn new(root: &str, login: Option<(String, String)>) -> Self {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { to: NativeWire::new(client, root, login), requests: Rc::default() }
    }

    pub fn requests(&self) -> usize {
        self.requests.get()
    }
}

impl Wire for CountedWire {
    async fn send(&self, request: RawRequest) -> Result<RawResponse, Lost> {
        self.requests.set(self.requests.get() + 1);
        self.to.send(request).await
    }

    async fn gzip(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        self.to.gzip(bytes).await
    }

    async fn gunzip(&self, bytes: Vec<u8>, max: usize) -> Option<Vec<u8>> {
        self.to.gunzip(bytes, max).await
    }
}
