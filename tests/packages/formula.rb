# Plays Homebrew for one formula: says what it would download on each machine, or installs an unpacked archive and runs the
# formula's own test. The real one needs a git repository of its own and the internet.
#
#   ruby tests/packages/formula.rb FORMULA urls
#   ruby tests/packages/formula.rb FORMULA install UNPACKED PREFIX
require "fileutils"
require "open3"
require "pathname"
require "tmpdir"

# What a folder of Homebrew's takes.
class Pathname
  def install(file, name = nil)
    file, name = file.first if file.is_a?(Hash)
    mkpath
    FileUtils.cp(file, self / (name || File.basename(file)))
  end

  alias write_new write
  def write(text)
    raise "#{self} exists" if exist?

    write_new(text)
  end
end

class Formula
  class << self
    attr_accessor :machine, :test_of_it

    def said
      @said ||= {}
    end

    %w[desc homepage license version url sha256].each do |word|
      define_method(word) { |value = nil| value ? said[word] = value : said[word] }
    end
    def on_macos(&block) = Formula.machine[0] == "macos" && instance_eval(&block)
    def on_linux(&block) = Formula.machine[0] == "linux" && instance_eval(&block)
    def on_arm(&block) = Formula.machine[1] == "arm" && instance_eval(&block)
    def on_intel(&block) = Formula.machine[1] == "intel" && instance_eval(&block)
    def test(&block) = @test_of_it = block
  end

  attr_reader :prefix, :testpath

  def initialize(prefix, testpath)
    @prefix = Pathname(prefix)
    @testpath = Pathname(testpath)
  end

  def version = self.class.version
  def bin = prefix / "bin"
  def opt_bin = prefix / "opt/bin"
  def man1 = prefix / "share/man/man1"
  def bash_completion = prefix / "etc/bash_completion.d"
  def zsh_completion = prefix / "share/zsh/site-functions"
  def fish_completion = prefix / "share/fish/vendor_completions.d"

  def shell_output(command, expected = 0)
    output, status = Open3.capture2(command)
    raise "#{command} ended with #{status.exitstatus}: #{output}" if status.exitstatus != expected

    output
  end

  def assert_match(expected, seen)
    raise "#{expected} is not in: #{seen}" unless seen.include?(expected)
  end
end

formula, action, unpacked, prefix = ARGV
case action
when "urls"
  %w[macos linux].product(%w[arm intel]).each do |machine|
    Formula.machine = machine
    load formula
    puts [*machine, CognitoCreds.url, CognitoCreds.sha256].join(" ")
    Object.send(:remove_const, :CognitoCreds)
  end
when "install"
  Formula.machine = %w[linux intel]
  load formula
  Dir.mktmpdir do |testpath|
    it = CognitoCreds.new(File.expand_path(prefix), testpath)
    Dir.chdir(unpacked) { it.install }
    raise "The caveats name no program." unless it.caveats.include?("opt/bin/cognito-creds")

    it.instance_exec(&CognitoCreds.test_of_it)
  end
end
