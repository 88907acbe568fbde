//! The first account of a new township.

use gridbook_domain::role::{Assignment, is_account};

use crate::app::App;
use crate::problem::ApiError;
use crate::sql;
use crate::writer::rights::Person;

/// Makes the administrator's account (or invites it again) and returns the path of the invitation.
///
/// # Errors
/// When the name is no account name or the database fails.
pub async fn first_admin(app: &App, user: &str) -> Result<String, ApiError> {
    let township = app.tenant.township.clone();
    if !is_account(user) {
        return Err(ApiError::bad("bad_user", "账号用 2 到 64 个小写字母、数字、下划线。"));
    }
    // The administrator of a new township loads its data too, until somebody else is named for it.
    let held = |role: &str| Assignment {
        role: role.to_owned(),
        area: Some(township.clone()),
        ..Assignment::default()
    };
    let person = Person {
        user: user.to_owned(),
        name: "系统管理员".to_owned(),
        phone: None,
        assignments: vec![held("sys_admin"), held("grid_clerk")],
    };
    let user = user.to_owned();
    let (code, _) = app
        .writer
        .run(move |ledger| {
            Box::pin(async move {
                ledger.save_people(&[person]).await?;
                ledger.invite(&user, &user).await
            })
        })
        .await?;
    Ok(format!("/#/invite/{code}"))
}

/// Whether there is an account of this name.
///
/// # Errors
/// When the database fails.
pub async fn has_account(app: &App, user: &str) -> Result<bool, ApiError> {
    let known: Option<i64> =
        sql::query_scalar("SELECT created_at FROM accounts WHERE tenant = ? AND account = ?")
            .bind(app.tenant.id)
            .bind(user)
            .fetch_optional(&app.readers)
            .await?;
    Ok(known.is_some())
}

/// Invites an account again and returns the path of the invitation, for somebody who has lost the password.
///
/// # Errors
/// When there is no such account or the database fails.
pub async fn reset(app: &App, user: &str) -> Result<String, ApiError> {
    if !has_account(app, user).await? {
        return Err(ApiError::bad("no_account", "没有这个账号;什么也没有改动。"));
    }
    let user = user.to_owned();
    let invite = app.writer.run(move |ledger| Box::pin(async move { ledger.invite(&user, &user).await }));
    let (code, _) = invite.await?;
    Ok(format!("/#/invite/{code}"))
}
