//! Answers that are not 2xx: a machine code and a Chinese sentence that says what happened, that nothing is lost,
//! and what to do.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use gridbook_sync::wire::Problem;

/// An answer that is not 2xx.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// HTTP status.
    pub status: StatusCode,
    /// Machine code, stable.
    pub code: &'static str,
    /// For people.
    pub message: Cow<'static, str>,
    /// Seconds to wait before the next try.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// Any answer.
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), retry_after: None }
    }

    /// 400: the request cannot be understood.
    pub fn malformed() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "malformed",
            "服务器看不懂这次请求,什么也没有保存;本机的记录都在,请更新应用后再试。",
        )
    }

    /// 400 with a sentence of its own.
    pub fn bad(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 401: no session, or one that has ended.
    pub fn session() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "session", "登录已过期,记录都还在本机;请重新登录后继续同步。")
    }

    /// 401: the session was ended because the account may no longer sign in. What is pushed with it is kept apart.
    pub fn disabled() -> Self {
        let words = "这个账号已停用,不再同步;没送出的内容可以交给服务器暂存,等镇里核实。";
        Self::new(StatusCode::UNAUTHORIZED, "disabled", words)
    }

    /// 403.
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "您没有这项权限,什么也没有改动;需要时请联系镇网格专干。",
        )
    }

    /// 404.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "没有找到要的内容,请核对后再试。")
    }

    /// 409 with a sentence of its own.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, message)
    }

    /// 413.
    pub fn too_large() -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "一次发送的内容太大,什么也没有保存;记录还在本机,请分批再发。",
        )
    }

    /// 503: the disk or the database did not do its work.
    pub fn unavailable() -> Self {
        // Asked by people too, for whom nothing is tried again: signing in, a confidential report, the list of staff.
        Self::later("unavailable", "服务器暂时忙,这次没有办成;本机的记录都在,请过一会儿再试。", 5)
    }

    /// 503: no room left on the disk. Reading goes on.
    pub fn full() -> Self {
        let words = "服务器的磁盘满了,这次没有办成;本机的记录都在。请告诉管理员清理磁盘,再试一次。";
        Self::later("full", words, 60)
    }

    /// 503: a backup is being put in the place of the data.
    pub fn restoring() -> Self {
        Self::later("restoring", "服务器正在恢复备份,这次没有办成;本机的记录都在,请过一会儿再试。", 5)
    }

    fn later(code: &'static str, words: &'static str, seconds: u64) -> Self {
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, code, words) }
    }

    /// What a file that could not be written means.
    pub fn of_file(error: &std::io::Error) -> Self {
        tracing::error!(kind = ?error.kind(), "a file was not written");
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        // Too large: the system sets how large a file may get, and the largest is 4 MB.
        let full = [StorageFull, QuotaExceeded, FileTooLarge].contains(&error.kind());
        if full { Self::full() } else { Self::unavailable() }
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<sqlx::Error> for ApiError {
    fn from(error: sqlx::Error) -> Self {
        // The text of a database error may quote values; its kind does not.
        let kind = match &error {
            sqlx::Error::Database(e) => {
                e.code().map_or_else(|| "database".to_owned(), |c| format!("database {c}"))
            }
            sqlx::Error::Io(_) => "io".to_owned(),
            sqlx::Error::PoolTimedOut => "pool timed out".to_owned(),
            sqlx::Error::RowNotFound => "row not found".to_owned(),
            sqlx::Error::ColumnDecode { index, .. } => format!("decode {index}"),
            _ => "other".to_owned(),
        };
        tracing::error!(kind, "storage failed");
        // A full disk, in SQLite's and in PostgreSQL's numbers.
        if matches!(kind.as_str(), "database 13" | "database 53100") {
            Self::full()
        } else {
            Self::unavailable()
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let problem = Problem { code: self.code.to_owned(), message: self.message.into_owned() };
        let mut response = (self.status, Json(problem)).into_response();
        if self.status == StatusCode::PAYLOAD_TOO_LARGE {
            // The rest of the body is not read: nothing else can be said on this connection.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::ApiError;

    #[test]
    fn what_anybody_may_meet_promises_nothing_that_only_the_exchange_of_records_does() {
        for told in [ApiError::unavailable(), ApiError::full(), ApiError::restoring(), ApiError::malformed()]
        {
            assert!(!told.message.contains("自动"), "{told}: nobody signs in again for a person");
            assert!(!told.message.contains("手机"), "{told}: a desk is no phone");
        }
    }

    #[test]
    fn a_disk_without_room_is_told_by_name() {
        for kind in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::FileTooLarge] {
            assert_eq!(ApiError::of_file(&kind.into()).code, "full");
        }
        assert_eq!(ApiError::of_file(&ErrorKind::PermissionDenied.into()).code, "unavailable");
    }
}
