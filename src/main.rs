//! The `cognito-creds` program.
fn main() {}
