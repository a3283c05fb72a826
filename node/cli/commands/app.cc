#include <cerrno>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string name;
  std::vector<std::string> prefixes;
  std::string output;
};

/// A new file that only its owner reads; made before the application, so that a token is never
/// given out that could not be kept. Removed again unless Keep is called.
class TokenFile {
 public:
  static Result<std::unique_ptr<TokenFile>> Create(const std::string& path) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
      return Error(Errc::kInvalidRequest, "cannot create " + path + ": " + std::strerror(errno),
                   "output");
    }
    return std::unique_ptr<TokenFile>(new TokenFile(fd, path));
  }
  ~TokenFile() {
    ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
  }
  TokenFile(const TokenFile&) = delete;
  TokenFile& operator=(const TokenFile&) = delete;

  bool Keep(const std::string& token) {
    const std::string line = token + "\n";
    kept_ = ::write(fd_, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
            ::fsync(fd_) == 0;
    return kept_;
  }

 private:
  TokenFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  const int fd_;
  const std::string path_;
  bool kept_ = false;
};

ExitCode Create(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  std::unique_ptr<TokenFile> file;
  if (!options.output.empty()) {
    auto created = TokenFile::Create(options.output);
    if (!created.ok()) return FailUsage(environment, created.error().detail, "output");
    file = *std::move(created);
  }
  v1::CreateApplicationRequest request;
  request.set_name(options.name);
  for (const std::string& prefix : options.prefixes) request.add_prefixes(prefix);
  auto response =
      client->Call(&v1::AccessService::Stub::CreateApplication, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (file) {
    if (!file->Keep(response->token())) {
      return Fail(environment,
                  Error(Errc::kUnavailable, "cannot write " + options.output +
                                                "; revoke the application and create it again"));
    }
    response->clear_token();
    environment.err << Say(environment.language, messages::kTokenIn, options.output) << '\n';
  } else {
    environment.err << messages::kTokenOnce.In(environment.language) << '\n';
  }
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n';
  } else if (!file) {
    environment.out << response->token() << '\n';
  }
  environment.out << std::flush;
  return kExitDone;
}

ExitCode List(Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto response = client->Call(&v1::AccessService::Stub::ListApplications, client->access(),
                               v1::ListApplicationsRequest());
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  const auto name = [&](const Text& text) { return std::string(text.In(environment.language)); };
  Table table({name(messages::kName), name(messages::kPrefixes), name(messages::kCreatedAt),
               name(messages::kRevoked)});
  for (const v1::Application& application : response->applications()) {
    std::string prefixes;
    for (const std::string& prefix : application.prefixes()) {
      prefixes += (prefixes.empty() ? "" : " ") + prefix;
    }
    table.Add({application.name(), prefixes, FormatTimestamp(application.created_at()),
               name(application.revoked() ? messages::kYes : messages::kNo)});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

ExitCode Revoke(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::RevokeApplicationRequest request;
  request.set_name(options.name);
  auto response =
      client->Call(&v1::AccessService::Stub::RevokeApplication, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language, messages::kWasRevoked, options.name) << '\n';
  return kExitDone;
}

}  // namespace

void AddApp(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "app", {"Applications and their tokens (operator).", "应用身份与令牌（运营者）。"},
      "idnode app create erp --prefix 88.108.1001 --output erp.token\n"
      "idnode app list\n"
      "idnode app revoke erp");
  command->require_subcommand(1);

  CLI::App* create = line.Add(
      command, "create",
      {"Create an application; its token is shown once.", "创建应用身份；令牌只显示一次。"},
      "idnode app create erp --prefix 88.108.1001 --output erp.token\n"
      "TOKEN=$(idnode app create mes --prefix 88.108.1001)");
  create
      ->add_option("NAME", options->name,
                   line.T({"1 to 64 of a-z 0-9 . _ -", "名称：1 至 64 个 a-z 0-9 . _ -"}))
      ->required();
  AddRepeated(
      create, "--prefix", options->prefixes,
      line.T({"Enterprise prefix it may write under; may be repeated", "可写入的企业前缀；可重复"}))
      ->required();
  create
      ->add_option("--output", options->output,
                   line.T({"New file for the token, readable by its owner only",
                           "保存令牌的新文件（仅本人可读）"}))
      ->type_name("FILE");
  CommandLine::OnRun(create, line,
                     [options](Environment& environment) { return Create(*options, environment); });

  CLI::App* list =
      line.Add(command, "list", {"List applications.", "列出应用。"}, "idnode app list --json");
  CommandLine::OnRun(list, line, [](Environment& environment) { return List(environment); });

  CLI::App* revoke =
      line.Add(command, "revoke", {"Revoke an application's token.", "吊销应用令牌。"},
               "idnode app revoke erp");
  revoke->add_option("NAME", options->name, line.T({"The application", "应用名称"}))->required();
  CommandLine::OnRun(revoke, line,
                     [options](Environment& environment) { return Revoke(*options, environment); });
}

}  // namespace idnode::cli
