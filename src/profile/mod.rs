//! A profile: the validated settings of one section of the AWS config file.

pub mod redirect_uri;
