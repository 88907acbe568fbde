//! Accounts, their roles, and what follows from them for reading. A change of rights takes a number of the
//! sequence, so that a reader's cursor knows on which side of it it stands.

use std::collections::BTreeSet;

use gridbook_domain::role::{Actor, Assignment};

use super::ledger::Ledger;
use crate::accounts;
use crate::clock::china_day;
use crate::feed::reach;
use crate::problem::ApiError;
use crate::secret;
use crate::sql::{self, Conn, Query};

/// A person to add or change.
#[derive(Clone, Debug)]
pub struct Person {
    /// Account name.
    pub user: String,
    /// As others see it.
    pub name: String,
    /// Mobile phone.
    pub phone: Option<String>,
    /// Roles.
    pub assignments: Vec<Assignment>,
}

/// The columns of a role that somebody holds or held: `ord, role, area, unit, valid_from, valid_to`.
fn bind_role(row: Query, ord: usize, held: &Assignment) -> Query {
    row.bind(i64::try_from(ord).unwrap_or(i64::MAX))
        .bind(&held.role)
        .bind(&held.area)
        .bind(&held.unit)
        .bind(held.from.map(|day| day.to_string()))
        .bind(held.to.map(|day| day.to_string()))
}

impl Ledger {
    /// Adds accounts or brings them up to date, with their roles; returns how many were new.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save_people(&mut self, people: &[Person]) -> Result<usize, ApiError> {
        let mut new = 0;
        for person in people {
            let done = sql::query(
                "INSERT INTO accounts (tenant, account, name, phone, created_at) VALUES (?, ?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )
            .bind(self.tenant.id)
            .bind(&person.user)
            .bind(&person.name)
            .bind(&person.phone)
            .bind(self.now_i64())
            .execute(&mut self.conn)
            .await?;
            new += usize::from(done.rows_affected() > 0);
            sql::query("UPDATE accounts SET name = ?, phone = ? WHERE tenant = ? AND account = ?")
                .bind(&person.name)
                .bind(&person.phone)
                .bind(self.tenant.id)
                .bind(&person.user)
                .execute(&mut self.conn)
                .await?;
            self.assign(&person.user, &person.assignments).await?;
        }
        Ok(new)
    }

    /// Replaces the roles of an account.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn assign(&mut self, user: &str, assignments: &[Assignment]) -> Result<(), ApiError> {
        let tenant = self.tenant.id;
        self.remember_past(user, assignments).await?;
        sql::query("DELETE FROM assignments WHERE tenant = ? AND account = ?")
            .bind(tenant)
            .bind(user)
            .execute(&mut self.conn)
            .await?;
        for (ord, held) in assignments.iter().enumerate() {
            let row = sql::query(
                "INSERT INTO assignments (tenant, account, ord, role, area, unit, valid_from, valid_to)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            );
            bind_role(row.bind(tenant).bind(user), ord, held).execute(&mut self.conn).await?;
        }
        self.refresh_rights(user).await
    }

    /// Keeps the roles that are not among `next`: what was written with them may still be under way.
    async fn remember_past(&mut self, user: &str, next: &[Assignment]) -> Result<(), ApiError> {
        let was = accounts::assignments(&mut self.conn, self.tenant.id, user).await?;
        for (ord, held) in was.iter().enumerate().filter(|(_, held)| !next.contains(held)) {
            let row = sql::query(
                "INSERT INTO past_assignments
                     (tenant, account, ended_at, ord, role, area, unit, valid_from, valid_to)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            )
            .bind(self.tenant.id)
            .bind(user)
            .bind(self.now_i64());
            bind_role(row, ord, held).execute(&mut self.conn).await?;
        }
        Ok(())
    }

    /// Brings what every account reads in line with the roles as they are defined now.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) async fn refresh_everyone(&mut self) -> Result<(), ApiError> {
        let users: Vec<String> =
            sql::query_scalar("SELECT account FROM accounts WHERE tenant = ? ORDER BY account")
                .bind(self.tenant.id)
                .fetch_all(&mut self.conn)
                .await?;
        for user in users {
            self.refresh_rights(&user).await?;
        }
        Ok(())
    }

    /// Makes an invitation and ends the earlier ones of that account; returns the code and when it expires.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn invite(&mut self, user: &str, by: &str) -> Result<(String, i64), ApiError> {
        let code = secret::invite_code();
        let now = self.now_i64();
        sql::query("DELETE FROM invites WHERE tenant = ? AND account = ? AND used_at IS NULL")
            .bind(self.tenant.id)
            .bind(user)
            .execute(&mut self.conn)
            .await?;
        sql::query(
            "INSERT INTO invites (tenant, code, account, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(self.tenant.id)
        .bind(secret::sha256(code.as_bytes()).to_vec())
        .bind(user)
        .bind(by)
        .bind(now)
        .bind(now + accounts::INVITE_MS)
        .execute(&mut self.conn)
        .await?;
        Ok((code, now + accounts::INVITE_MS))
    }

    /// Brings what an account may read in line with its roles as they hold today.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn refresh_rights(&mut self, user: &str) -> Result<(), ApiError> {
        let actor = Actor {
            user: user.to_owned(),
            assignments: accounts::assignments(&mut self.conn, self.tenant.id, user).await?,
        };
        let wanted: BTreeSet<String> = if accounts::is_disabled(&mut self.conn, self.tenant.id, user).await? {
            BTreeSet::new()
        } else {
            let reach = self.admission.reach(&actor, china_day(self.now()));
            reach::patterns(user, &reach).into_iter().collect()
        };
        // What this account opened for people by name is its own while it may name them.
        self.settle_restricted(Some(user)).await?;
        let held = active(&mut self.conn, self.tenant.id, user).await?;
        if wanted == held {
            return Ok(());
        }
        let seq = self.next_seq();
        for pattern in held.difference(&wanted) {
            sql::query("UPDATE rights SET to_seq = ? WHERE tenant = ? AND account = ? AND pattern = ? AND to_seq IS NULL")
                .bind(seq)
                .bind(self.tenant.id)
                .bind(user)
                .bind(pattern)
                .execute(&mut self.conn)
                .await?;
        }
        for pattern in wanted.difference(&held) {
            sql::query("INSERT INTO rights (tenant, account, pattern, from_seq) VALUES (?, ?, ?, ?)")
                .bind(self.tenant.id)
                .bind(user)
                .bind(pattern)
                .bind(seq)
                .execute(&mut self.conn)
                .await?;
        }
        Ok(self.save_seq().await?)
    }
}

/// Patterns that an account holds now.
///
/// # Errors
/// When the database fails.
pub async fn active(conn: &mut Conn, tenant: i64, user: &str) -> Result<BTreeSet<String>, sqlx::Error> {
    let rows: Vec<String> =
        sql::query_scalar("SELECT pattern FROM rights WHERE tenant = ? AND account = ? AND to_seq IS NULL")
            .bind(tenant)
            .bind(user)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().collect())
}
