#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "node/cli/access_text.h"
#include "node/cli/certificate.h"
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
  std::vector<std::string> prefixes;
  std::string role;
  std::string enterprise;
  std::string expires_in;
  std::string output;
  std::string certificate;
  std::string fingerprint;
};

ExitCode Create(const Options& options, Environment& environment) {
  v1::CreateApplicationRequest request;
  request.set_name(options.name);
  request.set_enterprise(options.enterprise);
  request.set_role(RoleOf(options.role));
  for (const std::string& prefix : options.prefixes) request.add_prefixes(prefix);
  if (!options.expires_in.empty()) {
    const auto span = ParseSpan(options.expires_in);
    if (!span.ok()) return FailUsage(environment, span.error().detail, "expires-in");
    request.set_expires_in_seconds(static_cast<std::uint64_t>(span->count()));
  }
  const bool needs_prefixes = request.role() != v1::AUDITOR && request.role() != v1::OPERATOR;
  if (options.prefixes.empty() && needs_prefixes) {
    return FailUsage(environment, "--prefix is required", "prefix");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const auto file = SecretFile::Create(options.output);
  if (!file.ok()) return FailUsage(environment, file.error().detail, file.error().field);
  auto response =
      client->Call(&v1::AccessService::Stub::CreateApplication, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  return HandOver(environment, file->get(), *response, *response->mutable_token());
}

/// "2" where none ends, "2, first ends 2027-01-31T00:00:00.000Z" where one does.
std::string TokensText(const v1::Application& application, Language language) {
  int count = 0;
  std::string first_end;
  for (const v1::Token& token : application.tokens()) {
    if (token.revoked()) continue;
    ++count;
    const std::string end = FormatTimestamp(token.expires_at());
    if (!end.empty() && (first_end.empty() || end < first_end)) first_end = end;
  }
  std::string text = std::to_string(count);
  if (!first_end.empty()) {
    text += ", " + Say(language, Text{"first ends $0", "最早 $0 到期"}, first_end);
  }
  return text;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::ListApplicationsRequest request;
  request.set_enterprise(options.enterprise);
  auto response =
      client->Call(&v1::AccessService::Stub::ListApplications, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const auto name = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({name(messages::kName), name(messages::kRole), name(messages::kPrefixes),
               name(messages::kEnterprise), name(messages::kTokens), name(messages::kCertificates),
               name(messages::kCreatedAt), name(messages::kRevoked)});
  for (const v1::Application& application : response->applications()) {
    std::string prefixes;
    for (const std::string& prefix : application.prefixes()) {
      prefixes += (prefixes.empty() ? "" : " ") + prefix;
    }
    table.Add({application.name(), RoleText(application.role(), language), prefixes,
               application.enterprise(), TokensText(application, language),
               std::to_string(application.certificates_size()),
               FormatTimestamp(application.created_at()),
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

/// Binds or unbinds; the certificate itself stays here, the node gets its fingerprint.
template <typename Request, typename Response>
ExitCode Certificate(const Options& options,
                     grpc::Status (v1::AccessService::Stub::*method)(grpc::ClientContext*,
                                                                     const Request&, Response*),
                     const Text& said, Environment& environment) {
  if (options.certificate.empty() == options.fingerprint.empty()) {
    return FailUsage(environment, "give either FILE.pem or --fingerprint", "certificate");
  }
  const auto fingerprint = options.certificate.empty()
                               ? ParseFingerprint(options.fingerprint)
                               : CertificateFingerprint(options.certificate);
  if (!fingerprint.ok()) {
    return FailUsage(environment, fingerprint.error().detail, fingerprint.error().field);
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  Request request;
  request.set_name(options.name);
  request.set_fingerprint(*fingerprint);
  auto response = client->Call(method, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language, said, options.name, *fingerprint) << '\n';
  return kExitDone;
}

void AddName(CommandLine& line, CLI::App* command, Options& options) {
  command->add_option("NAME", options.name, line.T({"The application", "应用名称"}))->required();
}

void AddCreate(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options) {
  CLI::App* create = line.Add(
      command, "create",
      {"Create an application; its token is shown once.", "创建应用身份；令牌只显示一次。"},
      "idnode app create erp --prefix 88.108.1001 --output erp.token\n"
      "idnode app create mes --prefix 88.108.1001 --expires-in 90d --output mes.token\n"
      "idnode app create regulator --role auditor --output regulator.token\n"
      "TOKEN=$(idnode app create wms --prefix 88.108.1001)");
  create
      ->add_option("NAME", options->name,
                   line.T({"1 to 64 of a-z 0-9 . _ -", "名称：1 至 64 个 a-z 0-9 . _ -"}))
      ->required();
  AddRepeated(
      create, "--prefix", options->prefixes,
      line.T({"Enterprise prefix it may write under; may be repeated. Auditors and operators need "
              "none",
              "可写入的企业前缀；可重复。审核员与运营者不需要"}));
  create->add_option("--role", options->role, line.T({"What it may do", "角色"}))
      ->check(CLI::IsMember({"application", "enterprise-administrator", "auditor", "operator"}));
  create->add_option("--enterprise", options->enterprise,
                     line.T({"Enterprise it is of (credit code)", "所属企业（统一社会信用代码）"}));
  create->add_option("--expires-in", options->expires_in,
                     line.T({"Life of its token, such as 90d; else it does not expire",
                             "令牌有效期，如 90d；默认不过期"}));
  create
      ->add_option("--output", options->output,
                   line.T({"New file for the token, readable by its owner only",
                           "保存令牌的新文件（仅本人可读）"}))
      ->type_name("FILE");
  CommandLine::OnRun(create, line,
                     [options](Environment& environment) { return Create(*options, environment); });
}

void AddCertificates(CommandLine& line, CLI::App* command,
                     const std::shared_ptr<Options>& options) {
  const auto add = [&](const std::string& name, const Text& description) {
    CLI::App* one = line.Add(command, name, description,
                             "idnode app " + name + " erp erp.pem\nidnode app " + name +
                                 " erp --fingerprint 9F:86:D0:81:…");
    AddName(line, one, *options);
    one->add_option("FILE", options->certificate,
                    line.T({"The client certificate (PEM)", "客户端证书（PEM）"}))
        ->type_name("FILE")
        ->check(CLI::ExistingFile);
    one->add_option("--fingerprint", options->fingerprint,
                    line.T({"Its SHA-256 instead", "或证书的 SHA-256 指纹"}));
    return one;
  };
  CommandLine::OnRun(
      add("bind-certificate", {"Let an application in by a client certificate (mutual TLS).",
                               "将客户端证书绑定到应用（双向 TLS）。"}),
      line, [options](Environment& environment) {
        return Certificate(*options, &v1::AccessService::Stub::BindCertificate, messages::kBound,
                           environment);
      });
  CommandLine::OnRun(add("unbind-certificate",
                         {"No longer let it in by that certificate.", "解除证书与应用的绑定。"}),
                     line, [options](Environment& environment) {
                       return Certificate(*options, &v1::AccessService::Stub::UnbindCertificate,
                                          messages::kUnbound, environment);
                     });
}

}  // namespace

void AddApp(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "app", {"Applications: the identities of programs.", "应用身份：程序以此访问节点。"},
      "idnode app create erp --prefix 88.108.1001 --output erp.token\n"
      "idnode app list\n"
      "idnode app revoke erp");
  command->require_subcommand(1);
  AddCreate(line, command, options);

  CLI::App* list = line.Add(command, "list", {"List applications.", "列出应用。"},
                            "idnode app list --json\n"
                            "idnode app list --enterprise 91440101MA5D70N10A");
  list->add_option(
      "--enterprise", options->enterprise,
      line.T({"Only of this enterprise (credit code)", "仅该企业（统一社会信用代码）"}));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });

  CLI::App* revoke = line.Add(command, "revoke",
                              {"Revoke an application with all its tokens and certificates, at "
                               "once.",
                               "吊销应用及其全部令牌与证书，立即生效。"},
                              "idnode app revoke erp");
  AddName(line, revoke, *options);
  CommandLine::OnRun(revoke, line,
                     [options](Environment& environment) { return Revoke(*options, environment); });
  AddCertificates(line, command, options);
}

}  // namespace idnode::cli
