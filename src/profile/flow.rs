//! How credentials come from the identity pool: `cognito_flow` and the keys that belong to it.

use std::time::Duration;
use url::Url;

/// How the identity pool hands out credentials (Cognito Developer Guide, "Identity pools
/// authentication flow").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// The pool assumes the role: one hour, one session name for everybody.
    Enhanced,
    /// We assume the role with a token of the pool, where the pool allows it.
    Basic(Basic),
}

/// The settings of the basic flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basic {
    /// How long credentials live: [`Self::SHORTEST`] to [`Self::LONGEST`] seconds.
    pub duration: Duration,
    /// Told to AWS as the session's name, once cleaned; the person's e-mail where absent.
    pub session_name: Option<String>,
    /// An endpoint in place of the region's own STS.
    pub sts_endpoint: Option<Url>,
}

impl Basic {
    /// Least `DurationSeconds` of AssumeRoleWithWebIdentity (STS API Reference).
    pub const SHORTEST: u64 = 900;
    /// Most `DurationSeconds`; a role's MaxSessionDuration may be less (STS API Reference).
    pub const LONGEST: u64 = 43_200;
}

impl Flow {
    /// How long its credentials live. The enhanced flow's hour is fixed (Cognito Developer Guide).
    pub fn lifetime(&self) -> Duration {
        match self {
            Self::Enhanced => Duration::from_hours(1),
            Self::Basic(basic) => basic.duration,
        }
    }

    /// What makes its credentials differ from those of another flow.
    pub fn parts(&self) -> [String; 4] {
        match self {
            Self::Enhanced => [const { String::new() }; 4],
            Self::Basic(basic) => [
                "basic".to_owned(),
                basic.duration.as_secs().to_string(),
                basic.session_name.clone().unwrap_or_default(),
                basic.sts_endpoint.as_ref().map(ToString::to_string).unwrap_or_default(),
            ],
        }
    }
}
