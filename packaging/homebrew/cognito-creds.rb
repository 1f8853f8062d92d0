# release/packages.sh fills in what stands between at signs.
class CognitoCreds < Formula
  desc "Credential process that makes Amazon Cognito logins work with every AWS tool"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["Apache-2.0", "MIT"]

  on_macos do
    on_arm do
      url "@URL aarch64-apple-darwin@"
      sha256 "@SHA256 aarch64-apple-darwin@"
    end
    on_intel do
      url "@URL x86_64-apple-darwin@"
      sha256 "@SHA256 x86_64-apple-darwin@"
    end
  end

  on_linux do
    on_arm do
      url "@URL aarch64-unknown-linux-gnu@"
      sha256 "@SHA256 aarch64-unknown-linux-gnu@"
    end
    on_intel do
      url "@URL x86_64-unknown-linux-gnu@"
      sha256 "@SHA256 x86_64-unknown-linux-gnu@"
    end
  end

  def install
    bin.install "cognito-creds"
    man1.install "cognito-creds.1"
    bash_completion.install "completions/cognito-creds.bash" => "cognito-creds"
    zsh_completion.install "completions/_cognito-creds"
    fish_completion.install "completions/cognito-creds.fish"
    prefix.install "THIRD-PARTY.txt"
  end

  def caveats
    <<~EOS
      A profile's credential_process outlives an upgrade under this path:
        #{opt_bin}/cognito-creds
    EOS
  end

  test do
    assert_match "cognito-creds #{version}", shell_output("#{bin}/cognito-creds --version")
    (testpath/"config").write "[profile dev]\ncognito_domain = acme\n"
    ENV["AWS_CONFIG_FILE"] = (testpath/"config").to_s
    assert_match "cognito_client_id", shell_output("#{bin}/cognito-creds credential-process --profile dev 2>&1", 1)
  end
end
