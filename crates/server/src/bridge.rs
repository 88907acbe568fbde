//! `gridbook-server relay`: one client between two backends, for who looks after both (docs/deploy.md 9). What is carried
//! and what not is the business of `gridbook_sync::relay::between`; here are the two lines, and what is kept between rounds.

mod book;
mod line;
mod place;

use gridbook_domain::record::RecordKind;
use gridbook_sync::engine::Identity;
use gridbook_sync::relay::Broken;
use gridbook_sync::relay::between::{Carried, Errand, Unfit, Ways};

pub use book::{Book, BookError, Last, Trouble};
pub use line::{Line, LineError};
pub use place::{Kind, Place, PlaceError};

/// So long nobody is asked after a sign-in was refused, in milliseconds: every wrong try counts against the account, and
/// its owner could not sign in either.
const REST_MS: u64 = 15 * 60 * 1000;

/// Two backends and the book about what went between them.
pub struct Bridge {
    first: Line,
    second: Line,
    book: Book,
    /// What the round under way has carried.
    carried: Carried,
    /// Nobody is asked before, milliseconds since 1970.
    rests_until: u64,
}

impl Bridge {
    /// Speaks to both. One that judges comes second: what it holds already it says by itself.
    ///
    /// # Errors
    /// [`LineError`]; nothing was carried.
    pub async fn open(places: &[Place; 2], book: Book) -> Result<Self, LineError> {
        let [first, second] = places;
        // A share is told whose it must be by the server that it is bridged with.
        let (first, second) = match (first.kind, second.kind) {
            (Kind::Server, _) => {
                let server = Line::open(first, None).await?;
                let share = Line::open(second, server.whose()).await?;
                (share, server)
            }
            (_, Kind::Server) => {
                let server = Line::open(second, None).await?;
                (Line::open(first, server.whose()).await?, server)
            }
            _ => (Line::open(first, None).await?, Line::open(second, None).await?),
        };
        Ok(Self { first, second, book, carried: Carried::default(), rests_until: 0 })
    }

    /// One round, and what it carried. The book counts it, however it ended, and is written while pages arrive.
    ///
    /// # Errors
    /// [`Unfit`]; whatever arrived has arrived.
    pub async fn round(&mut self, now_ms: u64) -> Result<Carried, Unfit> {
        if now_ms < self.rests_until {
            return Err(Broken::SignedOut.into());
        }
        self.first.begin();
        self.second.begin();
        let (entry, ways) = self.book.open_at();
        let identity = Identity {
            writer: entry.writer(),
            nonce: entry.nonce().to_owned(),
            cursor: String::new(),
            history: String::new(),
            echo: false,
            named_twice: false,
            fresh: false,
        };
        let errand = Errand {
            identity: &identity,
            now_ms,
            // A household's restricted category is for people by name, and a share is read whole by whoever may open it.
            keeps_back: &|kind| kind == RecordKind::Restricted.as_str(),
            arrived: &|ways: &Ways| entry.arrived(ways),
        };
        let done = ways.round(&self.first, &self.second, errand, &mut self.carried).await;
        let refused = done == Err(Broken::SignedOut.into());
        if refused {
            self.rests_until = now_ms + REST_MS;
        }
        self.book.ended(now_ms, done, if refused { self.rests_until } else { 0 });
        let carried = self.stop(now_ms);
        done.map(|()| carried)
    }

    /// What was carried is counted in the book: of a round that was broken off, too.
    pub fn stop(&mut self, now_ms: u64) -> Carried {
        let carried = std::mem::take(&mut self.carried);
        self.book.note(now_ms, &carried);
        carried
    }

    /// What is kept from one round to the next.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// Whose words the two ways are told in: `there` goes from the first to the second.
    pub fn names(&self) -> (&str, &str) {
        (self.first.name(), self.second.name())
    }
}
