#include <memory>
#include <ostream>
#include <string>

#include "node/cli/access_text.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/secret.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string name;
  std::string role;
  std::string enterprise;
  std::string password_file;
  std::string old_password_file;
  bool own = false;
};

ExitCode Add(const Options& options, Environment& environment) {
  const Language language = environment.language;
  const auto password = ReadPassword(environment, options.password_file,
                                     Say(language, messages::kAskNewPassword, options.name), true);
  if (!password.ok()) return FailUsage(environment, password.error().detail, "password-file");
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::CreateUserRequest request;
  request.set_name(options.name);
  request.set_role(RoleOf(options.role));
  request.set_enterprise(options.enterprise);
  request.set_password(*password);
  auto response = client->Call(&v1::AccessService::Stub::CreateUser, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(language, messages::kUserAdded, options.name) << '\n';
  return kExitDone;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::ListUsersRequest request;
  request.set_enterprise(options.enterprise);
  auto response = client->Call(&v1::AccessService::Stub::ListUsers, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const auto head = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({head(messages::kUser), head(messages::kRole), head(messages::kEnterprise),
               head(messages::kCreatedAt), head(messages::kDisabled)});
  for (const v1::User& user : response->users()) {
    table.Add({Printable(user.name()), RoleText(user.role(), language), user.enterprise(),
               FormatTimestamp(user.created_at()),
               head(user.disabled() ? messages::kYes : messages::kNo)});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

ExitCode SetPassword(const Options& options, Environment& environment) {
  const Language language = environment.language;
  v1::SetPasswordRequest request;
  request.set_name(options.name);
  if (options.own || !options.old_password_file.empty()) {
    auto old_password = ReadPassword(environment, options.old_password_file,
                                     Say(language, messages::kAskOldPassword, options.name), false);
    if (!old_password.ok()) {
      return FailUsage(environment, old_password.error().detail, "old-password-file");
    }
    request.set_old_password(*old_password);
  }
  const auto password = ReadPassword(environment, options.password_file,
                                     Say(language, messages::kAskNewPassword, options.name), true);
  if (!password.ok()) return FailUsage(environment, password.error().detail, "password-file");
  request.set_password(*password);
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto response = client->Call(&v1::AccessService::Stub::SetPassword, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(language, messages::kPasswordSet, options.name) << '\n';
  return kExitDone;
}

ExitCode Disable(const Options& options, bool enable, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::DisableUserRequest request;
  request.set_name(options.name);
  request.set_enable(enable);
  auto response = client->Call(&v1::AccessService::Stub::DisableUser, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language,
                         enable ? messages::kUserEnabled : messages::kUserDisabled, options.name)
                  << '\n';
  return kExitDone;
}

CLI::App* AddNamed(CommandLine& line, CLI::App* parent, const std::string& name,
                   const Text& description, const std::string& examples, Options& options) {
  CLI::App* command = line.Add(parent, name, description, examples);
  command
      ->add_option("NAME", options.name,
                   line.T({"1 to 64 of letters, digits and . _ - @",
                           "账号：1 至 64 个字母、数字及 . _ - @"}))
      ->required();
  return command;
}

void AddPasswordFile(CommandLine& line, CLI::App* command, Options& options) {
  command
      ->add_option("--password-file", options.password_file,
                   line.T({"Its first line is the password; - is standard input; else it is asked "
                           "for",
                           "首行为密码的文件；- 表示标准输入；默认交互输入"}))
      ->type_name("FILE");
}

}  // namespace

void AddUser(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "user", {"People who log in with a password.", "账号：以密码登录的人员。"},
      "idnode user add li.ming --role enterprise-administrator --enterprise 91440101MA5D70N10A\n"
      "idnode user list\n"
      "idnode user disable li.ming");
  command->require_subcommand(1);

  CLI::App* add = AddNamed(
      line, command, "add", {"Add a person.", "添加账号。"},
      "idnode user add li.ming --role enterprise-administrator --enterprise 91440101MA5D70N10A\n"
      "idnode user add auditor1 --role auditor --password-file secret.txt\n"
      "pass show node | idnode user add op2 --role operator --password-file -",
      *options);
  add->add_option("--role", options->role, line.T({"What the person may do", "角色"}))
      ->required()
      ->check(CLI::IsMember({"enterprise-administrator", "auditor", "operator"}));
  add->add_option("--enterprise", options->enterprise,
                  line.T({"Whose administrator (credit code)", "所管理企业的统一社会信用代码"}));
  AddPasswordFile(line, add, *options);
  CommandLine::OnRun(add, line,
                     [options](Environment& environment) { return Add(*options, environment); });

  CLI::App* list = line.Add(command, "list", {"List people.", "列出账号。"},
                            "idnode user list\n"
                            "idnode user list --enterprise 91440101MA5D70N10A --json");
  list->add_option(
      "--enterprise", options->enterprise,
      line.T({"Only of this enterprise (credit code)", "仅该企业（统一社会信用代码）"}));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });

  CLI::App* password =
      AddNamed(line, command, "password",
               {"Change a password; sessions that run end.", "修改密码；已有登录全部失效。"},
               "idnode user password li.ming\n"
               "idnode user password li.ming --own\n"
               "idnode user password li.ming --old-password-file old.txt --password-file new.txt",
               *options);
  AddPasswordFile(line, password, *options);
  password
      ->add_option("--old-password-file", options->old_password_file,
                   line.T({"The present password, where it is one's own",
                           "修改本人密码时，现密码所在的文件"}))
      ->type_name("FILE");
  password->add_flag(
      "--own", options->own,
      line.T({"It is one's own: ask for the present one first", "修改本人密码：先询问现密码"}));
  CommandLine::OnRun(password, line, [options](Environment& environment) {
    return SetPassword(*options, environment);
  });

  CLI::App* disable =
      AddNamed(line, command, "disable",
               {"Let a person in no more; sessions end at once.", "停用账号；已有登录立即失效。"},
               "idnode user disable li.ming", *options);
  CommandLine::OnRun(disable, line, [options](Environment& environment) {
    return Disable(*options, false, environment);
  });
  CLI::App* enable = AddNamed(line, command, "enable", {"Let a person in again.", "启用账号。"},
                              "idnode user enable li.ming", *options);
  CommandLine::OnRun(enable, line, [options](Environment& environment) {
    return Disable(*options, true, environment);
  });
}

}  // namespace idnode::cli
