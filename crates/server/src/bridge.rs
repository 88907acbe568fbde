//! `gridbook-server relay`: one client between two backends, for who looks after both (docs/deploy.md 9). What is carried
//! and what not is the business of `gridbook_sync::relay::between`; here are the two lines, and what is kept between rounds.

mod book;
mod line;
mod place;

use gridbook_domain::record::RecordKind;
use gridbook_sync::engine::Identity;
use gridbook_sync::relay::between::{Carried, Unfit};

pub use book::{Book, BookError, Last};
pub use line::{Line, LineError};
pub use place::{Kind, Place, PlaceError};

/// Two backends and the book about what went between them.
pub struct Bridge {
    first: Line,
    second: Line,
    book: Book,
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
        Ok(Self { first, second, book })
    }

    /// One round, and what it carried; the book knows of it afterwards, however it ended.
    ///
    /// # Errors
    /// [`Unfit`]; whatever arrived has arrived.
    pub async fn round(&mut self, now_ms: u64) -> Result<Carried, Unfit> {
        let identity = Identity {
            writer: self.book.writer,
            nonce: self.book.nonce.clone(),
            cursor: String::new(),
            history: String::new(),
            echo: false,
            named_twice: false,
            fresh: false,
        };
        // A household's restricted category is for people by name, and a share is read whole by whoever may open it.
        let keeps_back = |kind: &str| kind == RecordKind::Restricted.as_str();
        let carried = self.book.ways.round(&self.first, &self.second, &identity, now_ms, keeps_back).await?;
        self.book.note(now_ms, &carried);
        Ok(carried)
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
