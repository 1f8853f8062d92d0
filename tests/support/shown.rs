//! How each block of shell on a page is run. Transcripts that a test writes are none of these.

/// What a block begins with, on which page, and who runs it.
pub struct Shown {
    /// The page.
    pub page: &'static str,
    /// Its first words.
    pub begins: &'static str,
    /// Who runs it.
    pub how: How,
}

/// Who runs a block.
#[derive(Clone, Copy)]
pub enum How {
    /// tests/docs_commands.rs, from there on; this is then on stdout, in the config file, or an address that
    /// was opened.
    Here(Start, &'static str),
    /// A test file, in which these words find the block or are its whole command line.
    Suite(&'static str, &'static str),
    /// Nobody, and why.
    Nobody(&'static str),
}

/// The machine that a block is run on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// No config file.
    Nothing,
    /// The profile `dev`; alice sits at the browser.
    Profile,
    /// The same, and she is signed in.
    SignedIn,
    /// The profile `long`, with a role.
    LongProfile,
    /// The profile `dev` at an OpenID provider.
    OidcProfile,
}

use How::{Here, Nobody, Suite};
use Start::{LongProfile, Nothing, OidcProfile, Profile, SignedIn};

const fn shown(page: &'static str, begins: &'static str, how: How) -> Shown {
    Shown { page, begins, how }
}

const SETUP: &str = "tests/real/test_setup_pages.py";
const README: How = Suite(SETUP, "template.blocks(\"../../README\", \"sh\")");
const BY_HAND: How = Suite(SETUP, "template.blocks(\"by-hand\", \"sh\")");
const DEVELOPER: How = Suite(SETUP, "template.blocks(\"developer\", \"sh\")");
const ENTRA_ID: How = Suite(SETUP, "template.blocks(\"entra-id\", \"sh\")");
const PASSWORD: How = Suite(SETUP, "template.blocks(\"password\", \"sh\")");
const OF_SETUP: How = Suite(SETUP, "template.blocks(\"README\", \"sh\")");
const GOOGLE: How = Suite(SETUP, "template.blocks(\"google\", \"sh\")");
const CONTAINERS: How = Suite("tests/real/test_containers.py", "\"docs\" / \"containers.md\"");
const KEYS: How = Suite(SETUP, "for page in (\"../configuration\", \"../troubleshooting\")");
const API: How = Suite("tests/real/test_api.py", "api-gateway.md");
const INSTALL: How = Suite("tests/install_release.sh", "docs/install.md");
const A_MAC: How = Nobody("a command of macOS, and no test has a Mac");
const WINDOWS: How =
    Nobody("for PowerShell on Windows, and no test has either; tests/windows runs under Wine");
const OUR_MACHINE: How =
    Nobody("how a figure on the page was measured; tests/bench/run.sh measures what may change");

/// Every block that no test writes. Where a suite runs a whole page (`begins` is empty), it takes the blocks
/// apart by their number, so that one more fails there.
pub const SHOWN: &[Shown] = &[
    shown("README.md", "./install.sh --demo", Suite("tests/install.sh", "install --demo")),
    shown(
        "README.md",
        "$ aws s3 ls s3://demo-bucket/",
        Nobody("copied from a terminal; tests/real/test_awscli1.py runs the same commands"),
    ),
    shown("README.md", "export AWS_DEFAULT_REGION=", README),
    shown("README.md", "IDENTITY_POOL_ID=$(", README),
    shown("README.md", "cognito-creds configure ", README),
    shown("README.md", "cognito-creds doctor ", README),
    shown("docs/api-gateway.md", "curl -H", API),
    shown("docs/api-gateway.md", "printf 'Authorization", API),
    shown(
        "docs/basic-flow.md",
        "cognito-creds configure --profile long",
        Here(LongProfile, "cognito_duration_seconds = 43200\n"),
    ),
    shown(
        "docs/basic-flow.md",
        "aws iam update-role",
        Suite(SETUP, "template.blocks(\"../basic-flow\", \"sh\")"),
    ),
    shown("docs/configuration.md", "aws configure set cognito_role", KEYS),
    shown(
        "docs/configuration.md",
        "export AWS_ENDPOINT_URL_COGNITO_IDENTITY",
        Suite("tests/endpoints/main.rs", "\"AWS_ENDPOINT_URL_COGNITO_IDENTITY\", \"https://"),
    ),
    shown(
        "docs/configuration.md",
        "cognito-creds configure --profile dev\n",
        Suite("tests/configure/questions.rs", "{PROGRAM} configure --profile dev"),
    ),
    shown(
        "docs/configuration.md",
        "cognito-creds configure --profile dev --domain my-team",
        Here(Nothing, "cognito_refresh_margin = 30m\n"),
    ),
    shown(
        "docs/configuration.md",
        "aws cloudformation describe-stacks",
        Here(Nothing, "cognito_client_id = abc\n"),
    ),
    shown(
        "docs/configuration.md",
        "cognito-creds configure --profile dev --client-secret-stdin",
        Suite(
            "tests/client_secret.rs",
            "block(\"docs/configuration.md\", \"cognito-creds configure --profile dev --client-secret-stdin\")",
        ),
    ),
    shown(
        "docs/configuration.md",
        "read -rs COGNITO_CREDS_CLIENT_SECRET",
        Nobody("read waits for a person at bash; tests/client_secret.rs sets the variable"),
    ),
    shown("docs/configuration.md", "Get-Content secret.txt", WINDOWS),
    shown("docs/configuration.md", "$Env:COGNITO_CREDS_CLIENT_SECRET", WINDOWS),
    shown("docs/ci.md", "place=$(mktemp -d)", Suite("tests/ci.rs", "fenced(\"sh\", \"login --profile ci\")")),
    shown("docs/containers.md", "(umask 077; cognito-creds env", CONTAINERS),
    shown("docs/containers.md", "cognito-creds exec", CONTAINERS),
    shown("docs/containers.md", "(umask 077; exec cognito-creds serve", CONTAINERS),
    shown("docs/containers.md", "read -rs COGNITO_CREDS_REFRESH_TOKEN", CONTAINERS),
    shown("docs/containers.md", "docker run --rm -it", CONTAINERS),
    shown(
        "docs/containers.md",
        "release/build.sh --target",
        Suite("tests/musl.sh", "release/build.sh --target \"$target\""),
    ),
    shown("docs/decisions/0009-how-the-release-is-built.md", "CARGO_PROFILE_RELEASE", OUR_MACHINE),
    shown(
        "docs/developer.md",
        "cognito-creds configure ",
        Here(Nothing, "cognito_developer_url = https://login.example.com/api/v1\n"),
    ),
    shown("docs/macos.md", "xcode-select --install", A_MAC),
    shown("docs/macos.md", "security find-generic-password", A_MAC),
    shown("docs/macos.md", "codesign ", A_MAC),
    shown(
        "docs/macos.md",
        "aws configure set cognito_store file",
        Nobody("for a Mac whose keychain stays shut; tests/paste.rs signs in by pasting, into a file"),
    ),
    shown(
        "docs/oidc.md",
        "cognito-creds configure ",
        Here(Nothing, "cognito_issuer = https://login.microsoftonline.com/"),
    ),
    shown("docs/install.md", "curl ", INSTALL),
    shown("docs/install.md", "sh install.sh --release", INSTALL),
    shown("docs/oidc.md", "PROVIDER_ARN=", Suite(SETUP, "template.blocks(\"../oidc\", \"sh\")")),
    shown("docs/oidc.md", "cognito-creds doctor ", Here(OidcProfile, "Next: cognito-creds login")),
    shown("docs/other-tools.md", "cognito-creds exec ", Here(Profile, "terraform plan as ASIA")),
    shown("docs/other-tools.md", "eval ", Here(Profile, "credentials: ASIA")),
    shown(
        "docs/other-tools.md",
        "cognito-creds env --profile dev --format fish",
        Nobody(
            "no shell takes the lines of fish and PowerShell together; tests/shells.rs has each shell read what is written for it",
        ),
    ),
    shown("docs/other-tools.md", "cognito-creds console ", Here(SignedIn, "&SigninToken=")),
    shown(
        "docs/other-tools.md",
        "cognito-creds serve --profile dev\n",
        Suite("tests/serve.rs", "\"docs/other-tools.md\", \"serve\""),
    ),
    shown("docs/performance.md", "tests/bench/run.sh", Suite("tests/bench/run.sh", "--quick")),
    shown("docs/performance.md", "$ strace ", OUR_MACHINE),
    shown("docs/performance.md", "$ CARGO_PROFILE_RELEASE_STRIP", OUR_MACHINE),
    shown("docs/performance.md", "cargo run -p cognito-bench", OUR_MACHINE),
    shown(
        "docs/releasing.md",
        "tests/run.sh",
        Nobody("the whole of the tests can't be a part of themselves; CI runs these commands"),
    ),
    shown("docs/releasing.md", "signtool sign ", WINDOWS),
    shown("docs/releasing.md", "shasum ", A_MAC),
    shown("docs/releasing.md", "(Get-FileHash ", WINDOWS),
    shown(
        "docs/releasing.md",
        "sha256sum ",
        Nobody("GitHub keeps the attestation; tests/release.sh checks sums, also of a changed file"),
    ),
    shown(
        "docs/roles.md",
        "cognito-creds login --pick-role",
        Suite("tests/roles.rs", "\"login --pick-role --profile dev\""),
    ),
    shown("docs/roles.md", "cognito-creds configure ", Here(Profile, "cognito_role = ReadOnly\n")),
    shown("docs/setup/README.md", "aws cloudformation deploy", OF_SETUP),
    shown("docs/setup/README.md", "USER_POOL_ID=", OF_SETUP),
    shown("docs/setup/README.md", "aws cognito-identity set-principal-tag", OF_SETUP),
    shown("docs/setup/by-hand.md", "", BY_HAND),
    shown("docs/setup/developer.md", "export ", DEVELOPER),
    shown("docs/setup/developer.md", "BACKEND_ROLE=", DEVELOPER),
    shown(
        "docs/setup/developer.md",
        "IDENTITY_POOL_ID=",
        Nobody(
            "ministack has no GetOpenIdTokenForDeveloperIdentity; tests/real/test_developer.py plays the backend",
        ),
    ),
    shown("docs/setup/developer.md", "aws cloudformation describe-stacks", DEVELOPER),
    shown("docs/setup/entra-id.md", "export ", ENTRA_ID),
    shown("docs/setup/entra-id.md", "aws cloudformation describe-stacks", ENTRA_ID),
    shown(
        "docs/setup/entra-id.md",
        "cognito-creds doctor ",
        Nobody("people sign in at Microsoft; the same lines of docs/setup/password.md are run"),
    ),
    shown("docs/setup/entra-id.md", "USER_POOL_ID=", ENTRA_ID),
    shown("docs/setup/google.md", "export AWS_DEFAULT_REGION", GOOGLE),
    shown("docs/setup/google.md", "aws cloudformation", GOOGLE),
    shown(
        "docs/setup/google.md",
        "cognito-creds doctor ",
        Nobody("people sign in at Google; the same lines of docs/setup/password.md are run"),
    ),
    shown("docs/setup/google.md", "USER_POOL_ID=", GOOGLE),
    shown("docs/setup/password.md", "", PASSWORD),
    shown("docs/troubleshooting.md", "cognito-creds doctor ", Here(SignedIn, "Nothing has to change")),
    shown("docs/troubleshooting.md", "cognito-creds status ", Here(SignedIn, "dev: alice@example.com")),
    shown("docs/troubleshooting.md", "unset AWS_ACCESS_KEY_ID", Here(Nothing, "credentials: none")),
    shown(
        "docs/troubleshooting.md",
        "cognito-creds login --profile dev",
        Here(Profile, "Signed in as alice@example.com"),
    ),
    shown(
        "docs/troubleshooting.md",
        "BROWSER=/opt/firefox/firefox",
        Nobody("a browser where no machine of ours has one; tests/support sets BROWSER in every test"),
    ),
    shown(
        "docs/troubleshooting.md",
        "cognito-creds login --force",
        Here(SignedIn, "Signed out alice@example.com"),
    ),
    shown("docs/troubleshooting.md", "aws configure set cognito_redirect_uri", KEYS),
    shown(
        "docs/troubleshooting.md",
        "cognito-creds login --paste",
        Suite("tests/paste.rs", "\"login --paste --profile dev\""),
    ),
    shown("docs/troubleshooting.md", "aws configure set cognito_store", KEYS),
    shown("docs/windows.md", "cargo install ", WINDOWS),
    shown(
        "docs/windows.md",
        "cognito-creds configure ",
        Here(Nothing, "cognito_client_id = 1example23456789abcdefghij\n"),
    ),
    shown("docs/windows.md", "aws configure set cognito_redirect_uri", WINDOWS),
    shown(
        "docs/wsl.md",
        "cognito-creds login --paste",
        Suite("tests/paste.rs", "\"login --paste --profile dev\""),
    ),
];
