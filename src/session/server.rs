//! Where the profile's authorization server is spoken to: known for a user pool, asked of an OpenID
//! provider and kept with the login.

use super::Session;
use crate::error::Error;
use crate::http::REQUEST_LIMIT;
use crate::login::Login;
use crate::profile::auth::{AppClient, Server};
use crate::secret::ClientSecret;
use crate::user_pool::discovery::{self, Metadata};
use crate::user_pool::endpoints::Endpoints;
use crate::user_pool::token::TokenEndpoint;

impl Session<'_> {
    /// The server's endpoints. An OpenID provider is asked for them, once, unless a login has brought
    /// them ([`Self::recall`]).
    pub fn endpoints(&self, app: &AppClient) -> Result<Endpoints, Error> {
        let issuer = match &app.server {
            Server::UserPool { domain, .. } => return Ok(Endpoints::of_user_pool(domain)),
            Server::Oidc(issuer) => issuer,
        };
        if let Some(Ok(known)) = self.metadata.borrow().as_ref().map(|known| known.endpoints(issuer)) {
            return Ok(known);
        }
        let metadata = discovery::discover(self.client()?, self.profile, issuer, REQUEST_LIMIT)?;
        let endpoints = metadata.endpoints(issuer).map_err(|why| self.not_ours(&why))?;
        self.metadata.replace(Some(metadata));
        Ok(endpoints)
    }

    /// The token endpoint for an app client.
    pub fn token_endpoint<'s>(
        &'s self,
        app: &'s AppClient,
        secret: Option<&'s ClientSecret>,
    ) -> Result<TokenEndpoint<'s>, Error> {
        let (client, endpoints) = (self.client()?, self.endpoints(app)?);
        Ok(TokenEndpoint { client, profile: self.profile, app, endpoints, secret })
    }

    /// Takes what a stored login knows about its provider for granted.
    pub fn recall(&self, login: &Login) {
        if login.metadata.is_some() {
            self.metadata.replace(login.metadata.clone());
        }
    }

    /// What is known about the provider, to be kept with a login.
    pub fn metadata(&self) -> Option<Metadata> {
        self.metadata.borrow().clone()
    }

    /// The provider is asked anew when its endpoints are next needed.
    pub(super) fn forget_metadata(&self) {
        self.metadata.replace(None);
    }
}
