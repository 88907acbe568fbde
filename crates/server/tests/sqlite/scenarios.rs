//! Stories of a township, told with the parts that phone, desk and server are made of: replicas with the domain's
//! projector, the sync engine's driver over HTTP, and the real server with its rules. People take the steps that their
//! screens offer, with what the screens propose.

#[path = "scenarios/rig.rs"]
mod rig;
#[path = "scenarios/s02_seven_haves.rs"]
mod s02_seven_haves;
#[path = "scenarios/s03_levels.rs"]
mod s03_levels;
#[path = "scenarios/s04_mediation.rs"]
mod s04_mediation;
#[path = "scenarios/s05_call.rs"]
mod s05_call;
#[path = "scenarios/s09_recut.rs"]
mod s09_recut;
#[path = "scenarios/s14_balance.rs"]
mod s14_balance;
