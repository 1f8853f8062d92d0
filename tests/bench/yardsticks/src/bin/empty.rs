//! The least that a Rust program can cost: what a warm call is measured against.

fn main() {}
