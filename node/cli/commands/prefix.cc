#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include "node/cli/access_text.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/row_file.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string prefix;
  std::string enterprise;
  RowFileOptions rows;
  std::string state;
  std::string reason;
  bool yes = false;
  bool dry_run = false;
  // route
  bool hosted = false;
  std::string address;
  std::uint32_t tcp_port = 0;
  std::uint32_t udp_port = 0;
  std::uint32_t http_port = 0;
  // quota; what is not given stays
  std::optional<std::uint64_t> identifiers_soft;
  std::optional<std::uint64_t> identifiers_hard;
  std::optional<std::uint64_t> rate_soft;
  std::optional<std::uint64_t> rate_hard;
};

Result<v1::Prefix> Get(const Client& client, const std::string& prefix) {
  v1::GetPrefixRequest request;
  request.set_prefix(prefix);
  auto response = client.Call(&v1::PrefixService::Stub::GetPrefix, client.prefix(), request);
  if (!response.ok()) return response.error();
  return std::move(*response->mutable_prefix());
}

/// Prints `{"prefix":…}`, or says the sentence.
ExitCode Report(const google::protobuf::Message& response, const std::string& sentence,
                Environment& environment) {
  if (environment.options.json) environment.out << ToJson(response) << '\n' << std::flush;
  environment.err << sentence << '\n' << std::flush;
  return kExitDone;
}

// ---- admit and apply ----------------------------------------------------------

/// Admits or applies for a prefix. One that is there already, for the same enterprise, is no
/// error in a file, which may be repeated.
struct Entry {
  std::string prefix;
  std::string enterprise;
};

Result<v1::AdmitPrefixResponse> AdmitOne(const Client& client, const Entry& entry) {
  v1::AdmitPrefixRequest request;
  request.set_prefix(entry.prefix);
  request.set_enterprise(entry.enterprise);
  return client.Call(&v1::AccessService::Stub::AdmitPrefix, client.access(), request);
}

Result<v1::ApplyPrefixResponse> ApplyOne(const Client& client, const Entry& entry) {
  v1::ApplyPrefixRequest request;
  request.set_prefix(entry.prefix);
  request.set_enterprise(entry.enterprise);
  return client.Call(&v1::PrefixService::Stub::ApplyPrefix, client.prefix(), request);
}

/// A row of a file, or a dry run.
Result<RowOutcome> EnterOne(const Client& client, const Entry& entry, bool admits, bool dry_run) {
  if (!dry_run) {
    Error refused;
    if (admits) {
      const auto response = AdmitOne(client, entry);
      if (response.ok()) return RowOutcome::kDone;
      refused = response.error();
    } else {
      const auto response = ApplyOne(client, entry);
      if (response.ok()) return RowOutcome::kDone;
      refused = response.error();
    }
    if (refused.code != Errc::kAlreadyExists) return refused;
  }
  const auto there = Get(client, entry.prefix);
  if (dry_run && there.code() == Errc::kNotFound) return RowOutcome::kDone;
  if (!there.ok()) return there.error();
  const bool right_state = admits ? there->state() == v1::PREFIX_ACTIVE : true;
  if (there->enterprise() == entry.enterprise && right_state) return RowOutcome::kUnchanged;
  return Error(Errc::kAlreadyExists,
               entry.prefix +
                   " is there already: " + PrefixStateText(there->state(), Language::kEnglish) +
                   (there->enterprise().empty() ? "" : ", of " + there->enterprise()),
               "prefix");
}

Result<void> SetColumn(v1::ApplyPrefixRequest& entry, std::string_view column,
                       std::string_view text) {
  (column == "prefix" ? *entry.mutable_prefix() : *entry.mutable_enterprise()) = std::string(text);
  return {};
}

ExitCode Enter(const Options& options, bool admits, Environment& environment) {
  if (options.prefix.empty() == options.rows.file.empty()) {
    return FailUsage(environment, "give either a PREFIX or --file FILE");
  }
  if (!options.rows.file.empty()) {
    return ActOnRows(environment, options.rows, {"prefix", "enterprise"},
                     [&](const Client& client, const FileRow& row) -> Result<RowOutcome> {
                       const auto entry = MessageOfRow<v1::ApplyPrefixRequest>(row, SetColumn);
                       if (!entry.ok()) return entry.error();
                       return EnterOne(client, {entry->prefix(), entry->enterprise()}, admits,
                                       options.rows.dry_run);
                     });
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Entry entry{options.prefix, options.enterprise};
  const Language language = environment.language;
  if (options.rows.dry_run) {
    const auto outcome = EnterOne(*client, entry, admits, true);
    if (!outcome.ok()) return Fail(environment, outcome.error());
    const bool unchanged = *outcome == RowOutcome::kUnchanged;
    if (environment.options.json) {
      environment.out << R"({"dryRun":true,"prefix":)" << JsonString(entry.prefix)
                      << R"(,"outcome":")"
                      << (unchanged ? "unchanged"
                          : admits  ? "would-admit"
                                    : "would-apply")
                      << "\"}\n"
                      << std::flush;
    }
    environment.err << Say(language,
                           unchanged ? messages::kUnchangedObject
                           : admits  ? messages::kWouldAdmit
                                     : messages::kWouldApply,
                           entry.prefix)
                    << '\n'
                    << messages::kDryRun.In(language) << '\n'
                    << std::flush;
    return kExitDone;
  }
  if (admits) {
    const auto response = AdmitOne(*client, entry);
    if (!response.ok()) return Fail(environment, response.error());
    return Report(*response, Say(language, messages::kAdmitted, entry.prefix), environment);
  }
  const auto response = ApplyOne(*client, entry);
  if (!response.ok()) return Fail(environment, response.error());
  return Report(*response, Say(language, messages::kApplied, entry.prefix), environment);
}

// ---- state, route, quota -------------------------------------------------------

bool Destroys(v1::PrefixState state) {
  return state == v1::STOPPED || state == v1::PENDING_DELETION;
}

ExitCode SetState(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Language language = environment.language;
  const v1::PrefixState state = PrefixStateOf(options.state);
  if (options.dry_run || (Destroys(state) && !options.yes)) {
    const auto there = Get(*client, options.prefix);
    if (!there.ok()) return Fail(environment, there.error());
    const std::string now = PrefixStateText(there->state(), language);
    if (options.dry_run) {
      if (environment.options.json) {
        environment.out << R"({"dryRun":true,"prefix":)" << JsonString(options.prefix)
                        << R"(,"before":)" << JsonString(v1::PrefixState_Name(there->state()))
                        << R"(,"after":)" << JsonString(v1::PrefixState_Name(state)) << "}\n"
                        << std::flush;
      }
      environment.err << Say(language, messages::kPrefixWouldBe, options.prefix, now,
                             PrefixStateText(state, language))
                      << '\n'
                      << messages::kDryRun.In(language) << '\n';
      return kExitDone;
    }
    const std::string question = Say(language, messages::kConfirmState, options.prefix, now,
                                     FormatCount(static_cast<std::int64_t>(there->identifiers())),
                                     PrefixStateText(state, language));
    if (!Confirm(environment, question)) {
      return FailUsage(environment, std::string(messages::kNothingChanged.In(language)), "yes");
    }
  }
  v1::SetPrefixStateRequest request;
  request.set_prefix(options.prefix);
  request.set_state(state);
  request.set_reason(options.reason);
  auto response = client->Call(&v1::PrefixService::Stub::SetPrefixState, client->prefix(), request);
  if (!response.ok()) return Fail(environment, response.error());
  return Report(*response,
                Say(language, messages::kPrefixIs, options.prefix,
                    PrefixStateText(response->prefix().state(), language)),
                environment);
}

ExitCode SetRoute(const Options& options, Environment& environment) {
  if (options.hosted == !options.address.empty()) {
    return FailUsage(environment, "give either --hosted or --address with a port", "address");
  }
  if (!options.hosted && options.tcp_port + options.udp_port + options.http_port == 0) {
    return FailUsage(environment, "give at least one of --tcp-port, --udp-port, --http-port",
                     "tcp-port");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::SetPrefixRouteRequest request;
  request.set_prefix(options.prefix);
  request.set_hosting(options.hosted ? v1::HOSTED : v1::SELF_HOSTED);
  if (!options.hosted) {
    v1::PrefixRoute& route = *request.mutable_route();
    route.set_address(options.address);
    route.set_tcp_port(options.tcp_port);
    route.set_udp_port(options.udp_port);
    route.set_http_port(options.http_port);
  }
  auto response = client->Call(&v1::PrefixService::Stub::SetPrefixRoute, client->prefix(), request);
  if (!response.ok()) return Fail(environment, response.error());
  const v1::Prefix& prefix = response->prefix();
  const std::string route = RouteText(prefix.route());
  return Report(
      *response,
      Say(environment.language, messages::kRouteSet, options.prefix,
          HostingText(prefix.hosting(), environment.language) + (route.empty() ? "" : " " + route)),
      environment);
}

std::string Bound(std::uint64_t bound, Language language) {
  return bound == 0 ? std::string(messages::kUnlimited.In(language))
                    : FormatCount(static_cast<std::int64_t>(bound));
}

std::string BoundsText(std::uint64_t soft, std::uint64_t hard, Language language) {
  if (soft == 0 && hard == 0) return std::string(messages::kUnlimited.In(language));
  return Say(language, messages::kSoftHard, Bound(soft, language), Bound(hard, language));
}

ExitCode SetQuota(const Options& options, Environment& environment) {
  if (!options.identifiers_soft && !options.identifiers_hard && !options.rate_soft &&
      !options.rate_hard) {
    return FailUsage(environment, "give at least one bound; 0 takes it away", "identifiers-hard");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  // The call replaces all bounds: those that are not given are kept.
  const auto there = Get(*client, options.prefix);
  if (!there.ok()) return Fail(environment, there.error());
  v1::SetPrefixQuotaRequest request;
  request.set_prefix(options.prefix);
  v1::PrefixQuota& quota = *request.mutable_quota();
  quota = there->quota();
  if (options.identifiers_soft) quota.set_identifiers_soft(*options.identifiers_soft);
  if (options.identifiers_hard) quota.set_identifiers_hard(*options.identifiers_hard);
  if (options.rate_soft) quota.set_rate_soft(*options.rate_soft);
  if (options.rate_hard) quota.set_rate_hard(*options.rate_hard);
  auto response = client->Call(&v1::PrefixService::Stub::SetPrefixQuota, client->prefix(), request);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) {
    environment.out << ToJson(*response) << '\n' << std::flush;
    return kExitDone;
  }
  const v1::PrefixQuota& now = response->prefix().quota();
  const Language language = environment.language;
  environment.out
      << PairsText({{messages::kPrefix, options.prefix},
                    {messages::kQuotaIdentifiers,
                     BoundsText(now.identifiers_soft(), now.identifiers_hard(), language)},
                    {messages::kQuotaRate, BoundsText(now.rate_soft(), now.rate_hard(), language)}},
                   language)
      << std::flush;
  return kExitDone;
}

// ---- show and list ---------------------------------------------------------------

ExitCode Show(const std::string& name, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const auto found = Get(*client, name);
  if (!found.ok()) return Fail(environment, found.error());
  const v1::Prefix& prefix = *found;
  if (environment.options.json) {
    environment.out << R"({"prefix":)" << ToJson(prefix) << "}\n" << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const v1::PrefixQuota& quota = prefix.quota();
  std::string text = PairsText(
      {{messages::kPrefix, prefix.prefix()},
       {messages::kState, PrefixStateText(prefix.state(), language)},
       {messages::kEnterprise, prefix.enterprise()},
       {messages::kHosting, HostingText(prefix.hosting(), language)},
       {messages::kRoute, RouteText(prefix.route())},
       {messages::kIdentifiers, FormatCount(static_cast<std::int64_t>(prefix.identifiers()))},
       {messages::kQuotaIdentifiers,
        BoundsText(quota.identifiers_soft(), quota.identifiers_hard(), language)},
       {messages::kQuotaRate, BoundsText(quota.rate_soft(), quota.rate_hard(), language)},
       {messages::kAdmittedAt, FormatTimestamp(prefix.admitted_at())}},
      language);
  const auto head = [language](const Text& words) { return std::string(words.In(language)); };
  Table history({head(messages::kTime), head(messages::kState), head(messages::kBy),
                 head(messages::kReason)});
  for (const v1::PrefixStateChange& change : prefix.history()) {
    history.Add({FormatTimestamp(change.at()), PrefixStateText(change.state(), language),
                 Printable(change.by()), Printable(change.reason())});
  }
  if (!prefix.history().empty()) text += "\n" + history.Text();
  environment.out << text << std::flush;
  return kExitDone;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::ListPrefixesRequest request;
  request.set_enterprise(options.enterprise);
  request.set_state(PrefixStateOf(options.state));
  v1::ListPrefixesResponse all;
  do {
    auto page = client->Call(&v1::AccessService::Stub::ListPrefixes, client->access(), request);
    if (!page.ok()) return Fail(environment, page.error());
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
  } while (!request.page_token().empty());
  if (environment.options.json) {
    environment.out << ToJson(all) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const auto head = [language](const Text& words) { return std::string(words.In(language)); };
  Table table({head(messages::kPrefix), head(messages::kState), head(messages::kHosting),
               head(messages::kEnterprise), head(messages::kIdentifiers),
               head(messages::kAdmittedAt)});
  for (const v1::Prefix& prefix : all.prefixes()) {
    table.Add({prefix.prefix(), PrefixStateText(prefix.state(), language),
               HostingText(prefix.hosting(), language), prefix.enterprise(),
               FormatCount(static_cast<std::int64_t>(prefix.identifiers())),
               FormatTimestamp(prefix.admitted_at())});
  }
  environment.out << table.Text() << std::flush;
  return kExitDone;
}

// ---- declarations ------------------------------------------------------------------

void AddEntry(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options,
              bool admits) {
  command->add_option("PREFIX", options->prefix,
                      line.T({"Under a secondary prefix of the node, such as 88.108.1001",
                              "属于本节点二级前缀的企业前缀，如 88.108.1001"}));
  command->add_option(
      "--enterprise", options->enterprise,
      line.T({"Credit code of the enterprise it is for", "所属企业的统一社会信用代码"}));
  command
      ->add_option("--file", options->rows.file,
                   line.T({"Several, as .jsonl or .csv with the columns prefix and enterprise",
                           "多个前缀：.jsonl 或 .csv（列：prefix、enterprise）"}))
      ->check(CLI::ExistingFile);
  command
      ->add_option("--rejects", options->rows.rejects,
                   line.T({"Where rows go that were not done; else beside the file",
                           "未完成的行写入的文件；默认在输入文件旁"}))
      ->type_name("FILE");
  command->add_flag("--dry-run", options->rows.dry_run,
                    line.T({"Say what would change, change nothing", "仅显示将作的更改"}));
  CommandLine::OnRun(command, line, [options, admits](Environment& environment) {
    return Enter(*options, admits, environment);
  });
}

CLI::App* AddOne(CommandLine& line, CLI::App* parent, const std::string& name,
                 const Text& description, const std::string& examples, Options& options) {
  CLI::App* command = line.Add(parent, name, description, examples);
  command->add_option("PREFIX", options.prefix, line.T({"The enterprise prefix", "企业前缀"}))
      ->required();
  return command;
}

void AddSettings(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options) {
  CLI::App* state =
      AddOne(line, command, "state",
             {"Move a prefix to another state, with a reason (operator).",
              "变更前缀状态并说明原因（运营者）。"},
             "idnode prefix state 88.108.1001 --set in-audit\n"
             "idnode prefix state 88.108.1001 --set active --reason 'papers complete'\n"
             "idnode prefix state 88.108.1001 --set stopped --reason 'contract ended' --dry-run",
             *options);
  state->add_option("--set", options->state, line.T({"The state", "状态"}))
      ->required()
      ->check(CLI::IsMember(PrefixStateWords()));
  state->add_option("--reason", options->reason,
                    line.T({"Why; a rejection needs it", "原因；驳回时必填"}));
  state->add_flag("--yes", options->yes,
                  line.T({"Do not ask before stopping it", "停用、待删除时不再询问"}));
  state->add_flag("--dry-run", options->dry_run,
                  line.T({"Say what would change, change nothing", "仅显示将作的更改"}));
  CommandLine::OnRun(
      state, line, [options](Environment& environment) { return SetState(*options, environment); });

  CLI::App* route = AddOne(
      line, command, "route",
      {"Where a prefix is served: here, or at the enterprise's own node.",
       "前缀由本节点托管，或由企业节点自建并登记解析路由。"},
      "idnode prefix route 88.108.1001 --address 192.0.2.7 --tcp-port 2641 --http-port 8080\n"
      "idnode prefix route 88.108.1001 --hosted",
      *options);
  const auto port = CLI::Range(1, 65535);
  route->add_flag("--hosted", options->hosted,
                  line.T({"Its identifiers live here", "托管在本节点"}));
  route->add_option(
      "--address", options->address,
      line.T({"IPv4 or IPv6 of the enterprise's node", "企业节点的 IPv4 或 IPv6 地址"}));
  route->add_option("--tcp-port", options->tcp_port, line.T({"Handle over TCP", "TCP 端口"}))
      ->check(port);
  route->add_option("--udp-port", options->udp_port, line.T({"Handle over UDP", "UDP 端口"}))
      ->check(port);
  route->add_option("--http-port", options->http_port, line.T({"HTTP", "HTTP 端口"}))->check(port);
  CommandLine::OnRun(
      route, line, [options](Environment& environment) { return SetRoute(*options, environment); });

  CLI::App* quota = AddOne(
      line, command, "quota",
      {"Bound the identifiers of a prefix and its rate; past a soft bound the node warns, past a "
       "hard one it refuses.",
       "设置前缀的标识数与速率配额；超过软配额告警，超过硬配额拒绝。"},
      "idnode prefix quota 88.108.1001 --identifiers-soft 900000 --identifiers-hard 1000000\n"
      "idnode prefix quota 88.108.1001 --rate-hard 5000\n"
      "idnode prefix quota 88.108.1001 --rate-hard 0",
      *options);
  quota->add_option("--identifiers-soft", options->identifiers_soft,
                    line.T({"Identifiers at which to warn; 0: none", "标识数软配额；0 表示不限"}));
  quota->add_option("--identifiers-hard", options->identifiers_hard,
                    line.T({"Identifiers at most; 0: no bound", "标识数硬配额；0 表示不限"}));
  quota->add_option(
      "--rate-soft", options->rate_soft,
      line.T({"Items a second at which to warn; 0: none", "每秒条数软配额；0 表示不限"}));
  quota->add_option("--rate-hard", options->rate_hard,
                    line.T({"Items a second at most; 0: no bound", "每秒条数硬配额；0 表示不限"}));
  CommandLine::OnRun(
      quota, line, [options](Environment& environment) { return SetQuota(*options, environment); });
}

}  // namespace

void AddPrefix(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "prefix", {"Enterprise prefixes and their lifecycle.", "企业前缀及其生命周期。"},
      "idnode prefix apply 88.108.1001 --enterprise 91440101MA5D70N10A\n"
      "idnode prefix state 88.108.1001 --set active --reason 'papers complete'\n"
      "idnode prefix admit 88.108.1002\n"
      "idnode prefix list");
  command->require_subcommand(1);
  CLI::App* apply = line.Add(
      command, "apply",
      {"Apply for an enterprise prefix: it then awaits audit.", "申请企业前缀，之后待审核。"},
      "idnode prefix apply 88.108.1001 --enterprise 91440101MA5D70N10A\n"
      "idnode prefix apply --file prefixes.csv --dry-run");
  AddEntry(line, apply, options, false);
  CLI::App* admit = line.Add(command, "admit",
                             {"Admit an enterprise prefix, active and hosted at once (operator).",
                              "直接开通企业前缀：已激活、托管（运营者）。"},
                             "idnode prefix admit 88.108.1001\n"
                             "idnode prefix admit 88.108.1001 --enterprise 91440101MA5D70N10A\n"
                             "idnode prefix admit --file prefixes.csv");
  AddEntry(line, admit, options, true);
  AddSettings(line, command, options);
  CLI::App* show =
      AddOne(line, command, "show",
             {"Show a prefix, its bounds and what became of it.", "查看前缀、配额与状态变更记录。"},
             "idnode prefix show 88.108.1001", *options);
  CommandLine::OnRun(show, line, [options](Environment& environment) {
    return Show(options->prefix, environment);
  });
  CLI::App* list = line.Add(command, "list", {"List prefixes.", "列出前缀。"},
                            "idnode prefix list --json\n"
                            "idnode prefix list --state awaiting-audit\n"
                            "idnode prefix list --enterprise 91440101MA5D70N10A");
  list->add_option(
      "--enterprise", options->enterprise,
      line.T({"Only of this enterprise (credit code)", "仅该企业（统一社会信用代码）"}));
  list->add_option("--state", options->state, line.T({"Only in this state", "仅该状态"}))
      ->check(CLI::IsMember(PrefixStateWords()));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });
}

}  // namespace idnode::cli
