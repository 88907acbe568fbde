//! The contract for machines.

use axum::Json;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{auth, blob, confidential, device_key, invite, level2, quarantine, relay, staff, sync, upload};

struct Token;

impl Modify for Token {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        api.components.get_or_insert_with(Default::default).add_security_scheme("token", scheme);
    }
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Gridbook", description = "Sync contract and accounts of the reference backend; see docs/contract.md."),
    paths(
        sync::caps, sync::push, sync::pull, blob::put, blob::get, auth::sign_in, auth::sign_out, auth::me,
        auth::password, device_key::register, quarantine::list, quarantine::release, quarantine::discard, invite::create, invite::show, invite::accept, staff::list, staff::import, staff::change, relay::list,
        confidential::list, confidential::mine, confidential::one, confidential::hand_in,
        upload::head, upload::patch, level2::snapshot, level2::fp, level2::status
    ),
    modifiers(&Token)
)]
struct Api;

/// The OpenAPI description.
pub async fn json() -> Json<utoipa::openapi::OpenApi> {
    Json(Api::openapi())
}
