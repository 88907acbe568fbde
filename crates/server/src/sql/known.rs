//! Which of many keys a table holds.

use sqlx::{AssertSqlSafe, Executor as _, Row as _};

use super::{Builder, Conn, Error};

/// Those of `ids` that stand in `column` of `table`, whose key is led by the tenant and this column. Names must not come
/// from outside.
///
/// # Errors
/// The driver's.
pub async fn known(
    conn: &mut Conn,
    table: &str,
    column: &str,
    tenant: i64,
    ids: &[&[u8]],
) -> Result<Vec<Vec<u8>>, Error> {
    if let Conn::Postgres(held) = conn {
        // One by one by the index, whatever the planner thinks of a table that it has not counted yet: a list of
        // hundreds looks like all of it, and it would read everything that the township ever wrote.
        let text = format!(
            "SELECT found.{column} FROM UNNEST($2::BYTEA[]) AS asked (id) CROSS JOIN LATERAL \
             (SELECT {column} FROM {table} WHERE tenant = $1 AND {column} = asked.id LIMIT 1) AS found"
        );
        let rows = held.conn().fetch_all(sqlx::query(AssertSqlSafe(text)).bind(tenant).bind(ids)).await?;
        return rows.iter().map(|row| row.try_get(0)).collect();
    }
    let mut query = Builder::new("SELECT ");
    query.push(column).push(" FROM ").push(table).push(" WHERE tenant = ").push_bind(tenant);
    query.push(" AND ").push(column).push(" IN (");
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(*id);
    }
    query.push(")");
    query.build_query_scalar().persistent(false).fetch_all(conn).await
}
