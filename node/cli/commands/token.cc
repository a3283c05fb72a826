#include <cstdint>
#include <memory>
#include <ostream>
#include <string>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/secret.h"
#include "node/cli/time_option.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string name;
  std::string id;
  std::string expires_in;
  std::string overlap;
  std::string output;
};

ExitCode Create(const Options& options, bool rotates, Environment& environment) {
  v1::CreateTokenRequest request;
  request.set_name(options.name);
  if (!options.expires_in.empty()) {
    const auto span = ParseSpan(options.expires_in);
    if (!span.ok()) return FailUsage(environment, span.error().detail, "expires-in");
    request.set_expires_in_seconds(static_cast<std::uint64_t>(span->count()));
  }
  std::int64_t ends_ms = 0;
  if (rotates) {
    const auto span = ParseSpan(options.overlap);
    if (!span.ok()) return FailUsage(environment, span.error().detail, "overlap");
    request.set_rotate(true);
    request.set_overlap_seconds(static_cast<std::uint64_t>(span->count()));
    if (span->count() > 0) ends_ms = environment.clock.WallMs() + span->count() * 1000;
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const auto file = SecretFile::Create(options.output);
  if (!file.ok()) return FailUsage(environment, file.error().detail, file.error().field);
  auto response = client->Call(&v1::AccessService::Stub::CreateToken, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (rotates) {
    google::protobuf::Timestamp end;
    end.set_seconds(ends_ms / 1000);
    environment.err << Say(environment.language, messages::kTokenRotated, options.name,
                           response->id(),
                           ends_ms == 0 ? std::string(messages::kNow.In(environment.language))
                                        : FormatTimestamp(end))
                    << '\n';
  }
  return HandOver(environment, file->get(), *response, *response->mutable_token());
}

ExitCode Revoke(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::RevokeTokenRequest request;
  request.set_name(options.name);
  request.set_id(options.id);
  auto response = client->Call(&v1::AccessService::Stub::RevokeToken, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language, messages::kTokenRevoked, options.name, options.id)
                  << '\n';
  return kExitDone;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto response = client->Call(&v1::AccessService::Stub::ListApplications, client->access(),
                               v1::ListApplicationsRequest());
  if (!response.ok()) return Fail(environment, response.error());
  const v1::Application* found = nullptr;
  for (const v1::Application& application : response->applications()) {
    if (application.name() == options.name) found = &application;
  }
  if (found == nullptr) {
    return Fail(environment,
                Error(Errc::kNotFound, "there is no application " + options.name, "name"));
  }
  if (environment.options.json) {
    v1::Application tokens;
    tokens.set_name(found->name());
    *tokens.mutable_tokens() = found->tokens();
    environment.out << ToJson(tokens) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const auto head = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({head(messages::kToken), head(messages::kCreatedAt), head(messages::kExpiresAt),
               head(messages::kRevoked)});
  for (const v1::Token& token : found->tokens()) {
    const std::string expires = FormatTimestamp(token.expires_at());
    table.Add({token.id(), FormatTimestamp(token.created_at()),
               expires.empty() ? head(messages::kNever) : expires,
               head(token.revoked() || found->revoked() ? messages::kYes : messages::kNo)});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

CLI::App* AddNamed(CommandLine& line, CLI::App* parent, const std::string& name,
                   const Text& description, const std::string& examples, Options& options) {
  CLI::App* command = line.Add(parent, name, description, examples);
  command->add_option("NAME", options.name, line.T({"The application", "应用名称"}))->required();
  return command;
}

void AddMaking(CommandLine& line, CLI::App* command, Options& options) {
  command->add_option("--expires-in", options.expires_in,
                      line.T({"Life of the new token, such as 90d; else it does not expire",
                              "新令牌有效期，如 90d；默认不过期"}));
  command
      ->add_option("--output", options.output,
                   line.T({"New file for the token, readable by its owner only",
                           "保存令牌的新文件（仅本人可读）"}))
      ->type_name("FILE");
}

}  // namespace

void AddToken(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(nullptr, "token", {"Tokens of an application.", "应用的令牌。"},
                               "idnode token list erp\n"
                               "idnode token rotate erp --overlap 7d --output erp.new.token\n"
                               "idnode token revoke erp t1");
  command->require_subcommand(1);

  CLI::App* create =
      AddNamed(line, command, "create",
               {"Make a further token; it is shown once.", "创建新令牌；只显示一次。"},
               "idnode token create erp --expires-in 90d --output erp2.token", *options);
  AddMaking(line, create, *options);
  CommandLine::OnRun(create, line, [options](Environment& environment) {
    return Create(*options, false, environment);
  });

  CLI::App* rotate = AddNamed(line, command, "rotate",
                              {"Make a new token; the present ones end after the overlap.",
                               "轮换：创建新令牌，原有令牌在重叠期后失效。"},
                              "idnode token rotate erp --overlap 7d --output erp.new.token\n"
                              "idnode token rotate erp --overlap 0 --output erp.new.token",
                              *options);
  rotate
      ->add_option("--overlap", options->overlap,
                   line.T({"How long the present tokens go on, at most 30d; 0: they end at once",
                           "原有令牌继续有效的时间，至多 30d；0 表示立即失效"}))
      ->required();
  AddMaking(line, rotate, *options);
  CommandLine::OnRun(rotate, line, [options](Environment& environment) {
    return Create(*options, true, environment);
  });

  CLI::App* revoke =
      AddNamed(line, command, "revoke", {"Revoke one token, at once.", "吊销一个令牌，立即生效。"},
               "idnode token revoke erp t1", *options);
  revoke->add_option("ID", options->id, line.T({"Its id, as listed", "令牌编号"}))->required();
  CommandLine::OnRun(revoke, line,
                     [options](Environment& environment) { return Revoke(*options, environment); });

  CLI::App* list = AddNamed(line, command, "list",
                            {"List the tokens of an application; never the tokens themselves.",
                             "列出应用的令牌编号与期限（不含令牌本身）。"},
                            "idnode token list erp", *options);
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });
}

}  // namespace idnode::cli
