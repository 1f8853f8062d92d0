//! The parts of the model: an authorization server, and stores that refuse.

pub mod server;
pub mod shelf;
