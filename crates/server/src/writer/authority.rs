//! The server's own answers in the log: receipts, refusals, official numbers, corrected times.

use chrono::Datelike;
use gridbook_domain::authority::{AUTHOR, clock_fix, numbers_due, official_number};
use gridbook_domain::record::RecordKind;
use gridbook_log::body::{Number, Paper, Receipt, Reject};
use gridbook_log::{Body, Dot, EntityId, NewOp, Op, Writer};

use super::ledger::{Ledger, entity_of};
use super::rows::Rows;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::secret;
use crate::sql::{self, Builder};

impl Ledger {
    /// The server's log identity.
    pub(super) fn authority_writer(&self) -> Writer {
        Writer { dev: self.tenant.authority, epoch: self.tenant.epoch }
    }

    /// Writes an answer to a stream.
    fn answer(&mut self, entity: EntityId, body: &Body) -> Option<Op> {
        let writer = self.authority_writer();
        let now = self.now();
        let hlc = self.hlc.tick(now);
        let ctx = self.streams.get(&entity)?.entity.frontier().clone();
        let n = ctx.get(writer).saturating_add(1);
        let (kind, text) = body.to_text();
        let new = NewOp { entity, dot: Dot { writer, n }, hlc, kind, user: AUTHOR, ctx };
        let op = Op::new(new, secret::random::<16>(), text);
        // Only a context grown past the header's bound is an error; the record itself is safe.
        op.inspect_err(|error| tracing::error!(%entity, %error, "the authority's answer does not fit")).ok()
    }

    /// Writes an answer and stores it.
    fn append_answer(&mut self, rows: &mut Rows, entity: EntityId, body: &Body) {
        if let Some(op) = self.answer(entity, body) {
            self.append(rows, &op, None);
        }
    }

    /// Says that an operation was refused, and why.
    pub(super) fn answer_reject(&mut self, rows: &mut Rows, entity: EntityId, op: Dot, code: &str) {
        self.append_answer(rows, entity, &Body::Reject(Reject { op, code: code.to_owned() }));
    }

    /// Says when operations of a record arrived. Households and the directory need no receipts.
    pub(super) fn answer_receipt(
        &mut self,
        rows: &mut Rows,
        entity: EntityId,
        ops: Vec<Dot>,
        at: u64,
        drift: i64,
    ) {
        let is_report = self
            .streams
            .get(&entity)
            .and_then(|s| s.entity.type_().and_then(RecordKind::parse))
            .is_some_and(|kind| kind.is_report() || kind == RecordKind::Confidential);
        if !is_report || ops.is_empty() {
            return;
        }
        if let Some(op) = self.answer(entity, &Body::Receipt(Receipt { ops, at, drift })) {
            self.append_receipt(rows, op);
        }
    }

    /// Corrects the time of an operation whose author's clock ran ahead.
    pub(super) fn answer_clock(&mut self, rows: &mut Rows, op: &Op, now: u64, drift: i64) {
        if let Some(fix) = clock_fix(op, now, drift) {
            self.append_answer(rows, op.entity(), &Body::ClockFix(fix));
        }
    }

    /// Gives a case its official number when this operation registered it, and its papers theirs (domain data 4.9.5): once
    /// for each, without gaps per series and year.
    pub(super) async fn answer_number(&mut self, rows: &mut Rows, op: &Op) -> Result<(), sqlx::Error> {
        let Some(stream) = self.streams.get(&op.entity()) else { return Ok(()) };
        let gives = |kind, step: &str| self.admission.gives_number(kind, step);
        let due = numbers_due(&stream.entity, Some(op.dot()), gives);
        if due.is_empty() {
            return Ok(());
        }
        if self.numbers_held().await? {
            return Ok(());
        }
        for (class, paper) in due {
            self.give_number(rows, op.entity(), class, paper).await?;
        }
        Ok(())
    }

    /// After a restore, numbers given since the backup are on paper and not here: none is given twice.
    async fn numbers_held(&mut self) -> Result<bool, sqlx::Error> {
        sql::query_scalar("SELECT numbers_held = 1 FROM tenant WHERE tenant = ?")
            .bind(self.tenant.id)
            .fetch_one(&mut self.conn)
            .await
    }

    /// Gives the numbers that waited while none could be given, in the order in which their records came.
    ///
    /// # Errors
    /// 503 when the database fails; nothing is given then.
    pub async fn give_waiting_numbers(&mut self) -> Result<usize, ApiError> {
        // One that has its number may have a paper that waits for one; of the many visits none does.
        let numbered = RecordKind::ALL.into_iter().filter(|kind| {
            kind.number_class().is_some() && (kind.is_case() || *kind == RecordKind::Mediation)
        });
        let mut waiting = Builder::new("SELECT entity FROM entities WHERE tenant = ");
        waiting.push_bind(self.tenant.id).push(" AND type IN (");
        let mut kinds = waiting.separated(", ");
        for kind in numbered {
            kinds.push_bind(kind.as_str());
        }
        waiting.push(") ORDER BY first_seq");
        let ids: Vec<Vec<u8>> = waiting.build_query_scalar().fetch_all(&mut self.conn).await?;
        let ids = ids.into_iter().map(entity_of).collect::<Result<Vec<_>, _>>()?;
        let (mut rows, mut given) = (Rows::default(), 0);
        for some in ids.chunks(500) {
            self.load(some).await?;
            for id in some {
                let Some(stream) = self.streams.get(id) else { continue };
                let gives = |kind, step: &str| self.admission.gives_number(kind, step);
                for (class, paper) in numbers_due(&stream.entity, None, gives) {
                    self.give_number(&mut rows, *id, class, paper).await?;
                    given += 1;
                }
            }
        }
        self.flush(rows).await?;
        sql::query("UPDATE tenant SET numbers_held = 0 WHERE tenant = ? AND numbers_held = 2")
            .bind(self.tenant.id)
            .execute(&mut self.conn)
            .await?;
        Ok(given)
    }

    async fn give_number(
        &mut self,
        rows: &mut Rows,
        entity: EntityId,
        class: &str,
        paper: Option<Paper>,
    ) -> Result<(), sqlx::Error> {
        let year = china_day(self.now()).year();
        let last: i64 = sql::query_scalar(
            "INSERT INTO numbers (tenant, series, year, last) VALUES (?, ?, ?, 1)
             ON CONFLICT (tenant, series, year) DO UPDATE SET last = numbers.last + 1 RETURNING last",
        )
        .bind(self.tenant.id)
        .bind(class)
        .bind(year)
        .fetch_one(&mut self.conn)
        .await?;
        let number = official_number(&self.tenant.number_code, year, class, last);
        self.append_answer(rows, entity, &Body::Number(Number { number, paper }));
        Ok(())
    }
}
