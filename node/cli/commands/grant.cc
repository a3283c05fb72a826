#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "node/cli/access_text.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/record_text.h"
#include "node/cli/time_option.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string id;
  std::string prefix;
  std::string template_name;
  std::vector<std::string> items;
  std::string identifier;
  std::string to_enterprise;
  std::string to_application;
  std::string ends;
  std::string as_enterprise;
  std::string as_application;
};

/// "shoe@2: price, cost" or "88.108.1001/SN1".
std::string OfText(const v1::Grant& grant) {
  std::string text = grant.identifier().empty() ? grant.template_() : grant.identifier();
  std::string items;
  for (const std::string& item : grant.items()) items += (items.empty() ? "" : ", ") + item;
  return items.empty() ? text : text + ": " + items;
}

std::string ToText(const v1::Grant& grant) {
  return grant.to_application().empty() ? grant.to_enterprise() : grant.to_application();
}

Result<v1::Grant> GrantOf(const Options& options, std::int64_t now_ms) {
  const auto wrong = [](const char* detail, const char* field) {
    return Error(Errc::kInvalidRequest, detail, field);
  };
  if (options.template_name.empty() == options.identifier.empty()) {
    return wrong("give either --template or --identifier", "template");
  }
  if (options.to_enterprise.empty() == options.to_application.empty()) {
    return wrong("give either --to-enterprise or --to-application", "to-enterprise");
  }
  v1::Grant grant;
  grant.set_prefix(options.prefix);
  if (options.prefix.empty()) {
    if (options.identifier.empty()) return wrong("--prefix is required with --template", "prefix");
    grant.set_prefix(options.identifier.substr(0, options.identifier.find('/')));
  }
  grant.set_template_(options.template_name);
  for (const std::string& item : options.items) grant.add_items(item);
  grant.set_identifier(options.identifier);
  grant.set_to_enterprise(options.to_enterprise);
  grant.set_to_application(options.to_application);
  if (!options.ends.empty()) {
    const auto ms = ParseInstant(options.ends, now_ms);
    if (!ms.ok()) return Error(ms.code(), ms.error().detail, "ends");
    grant.mutable_ends_at()->set_seconds(*ms / 1000);
    grant.mutable_ends_at()->set_nanos(static_cast<std::int32_t>(*ms % 1000) * 1'000'000);
  }
  return grant;
}

ExitCode Add(const Options& options, Environment& environment) {
  auto grant = GrantOf(options, environment.clock.WallMs());
  if (!grant.ok()) return FailUsage(environment, grant.error().detail, grant.error().field);
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::CreateGrantRequest request;
  *request.mutable_grant() = *std::move(grant);
  auto response = client->Call(&v1::AccessService::Stub::CreateGrant, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n';
  } else {
    environment.out << response->grant().id() << '\n';
  }
  environment.out << std::flush;
  environment.err << Say(environment.language, messages::kGrantAdded,
                         Printable(OfText(request.grant())) + " -> " +
                             Printable(ToText(request.grant())))
                  << '\n';
  return kExitDone;
}

ExitCode Revoke(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::RevokeGrantRequest request;
  request.set_prefix(options.prefix);
  request.set_id(options.id);
  auto response = client->Call(&v1::AccessService::Stub::RevokeGrant, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language, messages::kGrantRevoked, options.id) << '\n';
  return kExitDone;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::ListGrantsRequest request;
  request.set_prefix(options.prefix);
  auto response = client->Call(&v1::AccessService::Stub::ListGrants, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const auto head = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({head(messages::kGrantId), head(messages::kPrefix), head(messages::kOf),
               head(messages::kTo), head(messages::kEndsAt), head(messages::kBy)});
  for (const v1::Grant& grant : response->grants()) {
    const std::string ends = FormatTimestamp(grant.ends_at());
    table.Add({grant.id(), grant.prefix(), Printable(OfText(grant)), Printable(ToText(grant)),
               ends.empty() ? head(messages::kNever) : ends, Printable(grant.created_by())});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

std::string NamesText(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + Printable(name);
  return text;
}

ExitCode Who(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::WhoCanSeeRequest request;
  request.set_identifier(options.identifier);
  auto response = client->Call(&v1::AccessService::Stub::WhoCanSee, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const auto head = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({head(messages::kItem), head(messages::kVisibility), head(messages::kEnterprises),
               head(messages::kApplications)});
  for (const v1::ItemVisibility& item : response->items()) {
    std::string enterprises = NamesText(item.enterprises());
    if (item.visibility() == v1::PUBLIC) {
      enterprises = head(messages::kAnyone);
    } else if (enterprises.empty() && item.applications().empty()) {
      enterprises = head(messages::kOwnerAlone);
    }
    table.Add({Printable(item.item()), VisibilityText(item.visibility(), language), enterprises,
               NamesText(item.applications())});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

ExitCode Preview(const Options& options, Environment& environment) {
  if (!options.as_enterprise.empty() && !options.as_application.empty()) {
    return FailUsage(environment, "give --as-enterprise or --as-app, not both", "as-app");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::PreviewRecordRequest request;
  request.set_identifier(options.identifier);
  request.set_as_enterprise(options.as_enterprise);
  request.set_as_application(options.as_application);
  auto response = client->Call(&v1::AccessService::Stub::PreviewRecord, client->access(), request);
  if (!response.ok()) return Fail(environment, response.error());
  environment.out << (environment.options.json
                          ? ToJson(response->record()) + "\n"
                          : RecordText(response->record(), environment.language))
                  << std::flush;
  return kExitDone;
}

void AddGiving(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options) {
  CLI::App* add = line.Add(
      command, "add",
      {"Grant the sight of template items, or of an identifier; prints the grant's id.",
       "授权查看模板属性（同类授权）或单个标识（单个授权）；输出授权编号。"},
      "idnode grant add --prefix 88.108.1001 --template shoe --item price --to-enterprise "
      "91510100MA6DF00287\n"
      "idnode grant add --identifier 88.108.1001/SN1 --to-application retailer --ends 90d\n"
      "idnode grant add --identifier 88.108.1001/SN1 --item price --to-application retailer --ends "
      "2027-01-31");
  add->add_option("--prefix", options->prefix,
                  line.T({"The owner's prefix; else that of the identifier",
                          "所有者的企业前缀；默认取标识的前缀"}));
  add->add_option("--template", options->template_name,
                  line.T({"Template, such as shoe, or shoe@2 for that version alone",
                          "模板，如 shoe；shoe@2 仅限该版本"}));
  AddRepeated(add, "--item", options->items,
              line.T({"Item of it; may be repeated; else all that is not private",
                      "属性；可重复；默认为全部非私有属性"}));
  add->add_option("--identifier", options->identifier,
                  line.T({"One identifier, instead of a template", "单个标识（代替模板）"}));
  add->add_option("--to-enterprise", options->to_enterprise,
                  line.T({"To whom: a credit code", "被授权企业的统一社会信用代码"}));
  add->add_option("--to-application", options->to_application,
                  line.T({"To whom: an application", "被授权应用"}));
  add->add_option("--ends", options->ends,
                  line.T({"2027-01-31 (00:00 in Beijing), 2027-01-31T08:00:00Z, or from now on as "
                          "90d; else it does not end",
                          "截止时间：2027-01-31（北京时间零点）、2027-01-31T08:00:00Z，或 90d；"
                          "默认不截止"}));
  CommandLine::OnRun(add, line,
                     [options](Environment& environment) { return Add(*options, environment); });

  CLI::App* revoke =
      line.Add(command, "revoke", {"Take a grant back, at once.", "撤销授权，立即生效。"},
               "idnode grant revoke g1 --prefix 88.108.1001");
  revoke->add_option("ID", options->id, line.T({"Its id, as listed", "授权编号"}))->required();
  revoke
      ->add_option("--prefix", options->prefix, line.T({"The owner's prefix", "所有者的企业前缀"}))
      ->required();
  CommandLine::OnRun(revoke, line,
                     [options](Environment& environment) { return Revoke(*options, environment); });

  CLI::App* list = line.Add(command, "list",
                            {"List grants of a prefix; else those given or got.",
                             "列出前缀的授权；默认列出本方给出与得到的授权。"},
                            "idnode grant list --prefix 88.108.1001\n"
                            "idnode grant list --json");
  list->add_option("--prefix", options->prefix,
                   line.T({"Given by this prefix", "该前缀给出的授权"}));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });
}

}  // namespace

void AddGrant(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      line.Add(nullptr, "grant",
               {"Who may see what of a prefix's identifiers.", "授权：谁可以查看哪些内容。"},
               "idnode grant add --prefix 88.108.1001 --template shoe --item price --to-enterprise "
               "91510100MA6DF00287\n"
               "idnode grant who 88.108.1001/SN1\n"
               "idnode grant preview 88.108.1001/SN1 --as-enterprise 91510100MA6DF00287");
  command->require_subcommand(1);
  AddGiving(line, command, options);

  CLI::App* who = line.Add(command, "who",
                           {"Who can see what of an identifier.", "谁可以查看该标识的哪些内容。"},
                           "idnode grant who 88.108.1001/SN1");
  who->add_option("IDENTIFIER", options->identifier, line.T({"The identifier", "标识"}))
      ->required();
  CommandLine::OnRun(who, line,
                     [options](Environment& environment) { return Who(*options, environment); });

  CLI::App* preview =
      line.Add(command, "preview",
               {"The record as another would see it; as a stranger where nobody is named.",
                "以他人身份预览记录；不指定则为公众。"},
               "idnode grant preview 88.108.1001/SN1\n"
               "idnode grant preview 88.108.1001/SN1 --as-enterprise 91510100MA6DF00287\n"
               "idnode grant preview 88.108.1001/SN1 --as-app retailer");
  preview->add_option("IDENTIFIER", options->identifier, line.T({"The identifier", "标识"}))
      ->required();
  preview->add_option("--as-enterprise", options->as_enterprise,
                      line.T({"Credit code", "统一社会信用代码"}));
  preview->add_option("--as-app", options->as_application, line.T({"Application", "应用名称"}));
  CommandLine::OnRun(preview, line, [options](Environment& environment) {
    return Preview(*options, environment);
  });
}

}  // namespace idnode::cli
