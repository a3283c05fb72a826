#include <memory>
#include <ostream>
#include <string>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/import_state.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/secret.h"

namespace idnode::cli {
namespace {

constexpr unsigned kOwnerOnly = 0600;

struct Options {
  std::string name;
  std::string password_file;
  std::string output;
};

ExitCode Run(const Options& options, Environment& environment) {
  const Language language = environment.language;
  const auto password = ReadPassword(environment, options.password_file,
                                     Say(language, messages::kAskPassword, options.name), false);
  if (!password.ok()) return FailUsage(environment, password.error().detail, "password-file");
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::LoginRequest request;
  request.set_name(options.name);
  request.set_password(*password);
  auto response = client->Call(&v1::AccessService::Stub::Login, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (!options.output.empty()) {
    // People log in every day into the same file.
    const auto kept = ReplaceFile(options.output, response->token() + "\n", kOwnerOnly);
    if (!kept.ok()) return Fail(environment, kept.error());
    response->clear_token();
  }
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n';
  } else if (options.output.empty()) {
    environment.out << response->token() << '\n';
  }
  environment.out << std::flush;
  environment.err << Say(language, messages::kLoggedIn, Printable(options.name),
                         FormatTimestamp(response->expires_at()))
                  << '\n';
  if (!options.output.empty()) {
    environment.err << Say(language, messages::kTokenIn, options.output) << '\n';
  }
  return kExitDone;
}

}  // namespace

void AddLogin(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      line.Add(nullptr, "login",
               {"Log in with a name and password; gives a token for --token-file.",
                "以账号和密码登录，得到供 --token-file 使用的令牌。"},
               "idnode login li.ming --output ~/.idnode.token\n"
               "idnode --token-file ~/.idnode.token prefix list\n"
               "idnode login li.ming --password-file secret.txt --output session.token");
  command->add_option("NAME", options->name, line.T({"The person", "账号"}))->required();
  command
      ->add_option("--password-file", options->password_file,
                   line.T({"Its first line is the password; - is standard input; else it is asked "
                           "for",
                           "首行为密码的文件；- 表示标准输入；默认交互输入"}))
      ->type_name("FILE");
  command
      ->add_option(
          "--output", options->output,
          line.T({"File for the token, replaced, readable by its owner only; else standard "
                  "output",
                  "保存令牌的文件（覆盖，仅本人可读）；默认标准输出"}))
      ->type_name("FILE");
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
