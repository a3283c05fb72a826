#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/row_file.h"
#include "node/model/codes.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::uint32_t kPageMax = 1'000;

/// A field of an enterprise: column of a file, option, and place in the message.
struct Field {
  std::string_view column;
  const char* option;
  Text help;
  std::string* (*place)(v1::Enterprise&);  ///< null for the nature, which is a number
};

constexpr Field kFields[] = {
    {"name",
     "--name",
     {"Name, as registered", "企业名称"},
     [](v1::Enterprise& e) { return e.mutable_name(); }},
    {"industry",
     "--industry",
     {"GB/T 4754 code, such as C1952", "行业代码（GB/T 4754），如 C1952"},
     [](v1::Enterprise& e) { return e.mutable_industry(); }},
    {"region",
     "--region",
     {"GB/T 2260 code, such as 440100", "行政区划代码（GB/T 2260），如 440100"},
     [](v1::Enterprise& e) { return e.mutable_region(); }},
    {"address",
     "--address",
     {"Postal address", "地址"},
     [](v1::Enterprise& e) { return e.mutable_address(); }},
    {"contact_name",
     "--contact",
     {"Whom to ask", "联系人"},
     [](v1::Enterprise& e) { return e.mutable_contact()->mutable_name(); }},
    {"contact_phone",
     "--contact-phone",
     {"Telephone", "联系电话"},
     [](v1::Enterprise& e) { return e.mutable_contact()->mutable_phone(); }},
    {"contact_email",
     "--contact-email",
     {"Mail address", "联系邮箱"},
     [](v1::Enterprise& e) { return e.mutable_contact()->mutable_email(); }},
    {"legal_person_name",
     "--legal-person",
     {"Legal representative", "法定代表人"},
     [](v1::Enterprise& e) { return e.mutable_legal_person()->mutable_name(); }},
    {"legal_person_phone",
     "--legal-person-phone",
     {"Telephone of the legal representative", "法定代表人电话"},
     [](v1::Enterprise& e) { return e.mutable_legal_person()->mutable_phone(); }},
    {"legal_person_email",
     "--legal-person-email",
     {"Mail address of the legal representative", "法定代表人邮箱"},
     [](v1::Enterprise& e) { return e.mutable_legal_person()->mutable_email(); }},
    {"nature",
     "--nature",
     {"Nature of the organisation, 1 to 5; 0: not known", "单位性质，1 至 5；0 表示未知"},
     nullptr},
};
constexpr std::string_view kCodeColumn = "credit_code";

struct Options {
  std::string code;
  std::vector<std::pair<const Field*, std::string>> given;  ///< in the order of the command line
  RowFileOptions rows;
  std::uint32_t expected_revision = 0;
  // list
  std::string name_contains;
  std::string industry;
  std::string region;
  std::uint64_t limit = 100;
  std::string page_token;
};

Result<void> SetField(v1::Enterprise& enterprise, const Field& field, std::string_view text) {
  if (field.place != nullptr) {
    *field.place(enterprise) = std::string(text);
    return {};
  }
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return Error(Errc::kInvalidRequest, "the nature is a number from 0 to 5", "nature");
  }
  enterprise.set_nature(number);
  return {};
}

std::string GetField(const v1::Enterprise& enterprise, const Field& field) {
  if (field.place == nullptr) {
    return enterprise.nature() == 0 ? std::string() : std::to_string(enterprise.nature());
  }
  v1::Enterprise copy(enterprise);  // the place is one to write to
  return *field.place(copy);
}

std::vector<std::string_view> Columns() {
  std::vector<std::string_view> columns{kCodeColumn};
  for (const Field& field : kFields) columns.push_back(field.column);
  return columns;
}

Result<void> SetColumn(v1::Enterprise& enterprise, std::string_view column, std::string_view text) {
  if (column == kCodeColumn) {
    enterprise.set_credit_code(std::string(text));
    return {};
  }
  for (const Field& field : kFields) {
    if (field.column == column) return SetField(enterprise, field, text);
  }
  return Error(Errc::kInvalidRequest, "no column " + std::string(column));
}

/// Puts a code that `check` accepts into its normal form. Errors: those of `check`, with `field`.
template <typename Check>
Result<void> Normalise(std::string& code, Check check, const char* field) {
  if (code.empty()) return {};
  auto normal = check(code);
  if (!normal.ok()) return Error(normal.code(), normal.error().detail, field);
  code = *std::move(normal);
  return {};
}

/// What the node would refuse as well is said before it is asked.
Result<void> CheckCodes(v1::Enterprise& enterprise) {
  if (enterprise.credit_code().empty()) {
    return Error(Errc::kInvalidRequest, "the credit code is missing", "creditCode");
  }
  IDNODE_RETURN_IF_ERROR(
      Normalise(*enterprise.mutable_credit_code(), CheckCreditCode, "creditCode"));
  IDNODE_RETURN_IF_ERROR(Normalise(*enterprise.mutable_industry(), CheckIndustry, "industry"));
  return Normalise(*enterprise.mutable_region(), CheckRegion, "region");
}

using Differences = std::vector<std::pair<const Field*, std::pair<std::string, std::string>>>;

Differences DifferencesOf(const v1::Enterprise& before, const v1::Enterprise& after) {
  Differences differences;
  for (const Field& field : kFields) {
    const std::string old_text = GetField(before, field);
    const std::string new_text = GetField(after, field);
    if (old_text != new_text) differences.push_back({&field, {old_text, new_text}});
  }
  return differences;
}

Result<v1::Enterprise> Get(const Client& client, const std::string& code) {
  v1::GetEnterpriseRequest request;
  request.set_credit_code(code);
  auto response =
      client.Call(&v1::EnterpriseService::Stub::GetEnterprise, client.enterprise(), request);
  if (!response.ok()) return response.error();
  return std::move(*response->mutable_enterprise());
}

/// What an act did, or would do.
struct Change {
  RowOutcome outcome = RowOutcome::kDone;
  v1::Enterprise enterprise;
  Differences differences;
};

Result<Change> Unchanged(v1::Enterprise there) {
  return Change{RowOutcome::kUnchanged, std::move(there), {}};
}

/// An enterprise that is there with the same content is no error: adding may be repeated.
Result<Change> AddOne(const Client& client, v1::Enterprise enterprise, bool dry_run) {
  IDNODE_RETURN_IF_ERROR(CheckCodes(enterprise));
  if (!dry_run) {
    v1::CreateEnterpriseRequest request;
    *request.mutable_enterprise() = enterprise;
    auto response =
        client.Call(&v1::EnterpriseService::Stub::CreateEnterprise, client.enterprise(), request);
    if (response.ok()) return Change{RowOutcome::kDone, response->enterprise(), {}};
    if (response.code() != Errc::kAlreadyExists) return response.error();
  }
  auto there = Get(client, enterprise.credit_code());
  if (dry_run && there.code() == Errc::kNotFound) {
    Change change{RowOutcome::kDone, enterprise, DifferencesOf({}, enterprise)};
    return change;
  }
  if (!there.ok()) return there.error();
  const Differences differences = DifferencesOf(*there, enterprise);
  if (differences.empty()) return Unchanged(*std::move(there));
  std::string fields;
  for (const auto& [field, texts] : differences) {
    fields += (fields.empty() ? "" : ", ") + std::string(field->column);
  }
  return Error(Errc::kAlreadyExists,
               enterprise.credit_code() + " is there with another " + fields +
                   "; `idnode enterprise set` changes it",
               "creditCode");
}

Result<Change> SetOne(const Client& client, const std::string& code,
                      const std::vector<std::pair<const Field*, std::string>>& changes,
                      std::uint32_t expected_revision, bool dry_run) {
  auto there = Get(client, code);
  if (!there.ok()) return there.error();
  v1::Enterprise wanted(*there);
  for (const auto& [field, text] : changes) {
    IDNODE_RETURN_IF_ERROR(SetField(wanted, *field, text));
  }
  IDNODE_RETURN_IF_ERROR(CheckCodes(wanted));
  Differences differences = DifferencesOf(*there, wanted);
  if (differences.empty()) return Unchanged(*std::move(there));
  if (dry_run) return Change{RowOutcome::kDone, std::move(wanted), std::move(differences)};
  v1::UpdateEnterpriseRequest request;
  *request.mutable_enterprise() = wanted;
  request.set_expected_revision(expected_revision != 0 ? expected_revision : there->revision());
  auto response =
      client.Call(&v1::EnterpriseService::Stub::UpdateEnterprise, client.enterprise(), request);
  if (!response.ok()) return response.error();
  return Change{RowOutcome::kDone, response->enterprise(), std::move(differences)};
}

ExitCode ReportOne(const Change& change, bool adds, bool dry_run, Environment& environment) {
  const Language language = environment.language;
  const std::string& code = change.enterprise.credit_code();
  const bool unchanged = change.outcome == RowOutcome::kUnchanged;
  if (environment.options.json) {
    if (dry_run) {
      environment.out << R"({"dryRun":true,"outcome":")"
                      << (unchanged ? "unchanged"
                          : adds    ? "would-add"
                                    : "would-change")
                      << R"(","enterprise":)" << ToJson(change.enterprise) << "}\n";
    } else {
      environment.out << R"({"enterprise":)" << ToJson(change.enterprise) << "}\n";
    }
    environment.out << std::flush;
    return kExitDone;
  }
  if (dry_run && !change.differences.empty()) {
    const auto name = [language](const Text& text) { return std::string(text.In(language)); };
    Table table({name(messages::kField), name(messages::kBefore), name(messages::kAfter)});
    for (const auto& [field, texts] : change.differences) {
      table.Add({std::string(field->column), Printable(texts.first), Printable(texts.second)});
    }
    environment.out << table.Text() << std::flush;
  }
  const Text& said = unchanged ? messages::kUnchangedObject
                     : dry_run ? (adds ? messages::kWouldAdd : messages::kWouldChange)
                     : adds    ? messages::kAddedEnterprise
                               : messages::kChangedEnterprise;
  environment.err << Say(language, said, code) << '\n';
  if (dry_run) environment.err << messages::kDryRun.In(language) << '\n';
  environment.err << std::flush;
  return kExitDone;
}

bool IsJsonFile(std::string_view path) {
  constexpr std::string_view kEnd = ".json";
  return path.size() > kEnd.size() && path.substr(path.size() - kEnd.size()) == kEnd;
}

/// The enterprise of the options, or of a .json file that the options may add to.
Result<v1::Enterprise> OneOf(const Options& options) {
  v1::Enterprise enterprise;
  if (!options.rows.file.empty()) {
    const auto text = ReadFile(options.rows.file, kFileBytesMax);
    if (!text.ok()) return Error(text.code(), text.error().detail, "file");
    const auto status = google::protobuf::util::JsonStringToMessage(*text, &enterprise);
    if (!status.ok()) {
      return Error(Errc::kInvalidRequest, options.rows.file + ": " + status.ToString(), "file");
    }
  }
  if (!options.code.empty()) enterprise.set_credit_code(options.code);
  for (const auto& [field, text] : options.given) {
    IDNODE_RETURN_IF_ERROR(SetField(enterprise, *field, text));
  }
  return enterprise;
}

/// What a message says of an enterprise, as changes: fields that are empty stay as they are.
std::vector<std::pair<const Field*, std::string>> ChangesOf(const v1::Enterprise& enterprise) {
  std::vector<std::pair<const Field*, std::string>> changes;
  for (const Field& field : kFields) {
    std::string text = GetField(enterprise, field);
    if (!text.empty()) changes.emplace_back(&field, std::move(text));
  }
  return changes;
}

ExitCode Act(const Options& options, bool adds, Environment& environment) {
  const bool dry_run = options.rows.dry_run;
  const auto act_on = [&](const Client& client, const v1::Enterprise& enterprise) {
    return adds ? AddOne(client, enterprise, dry_run)
                : SetOne(client, enterprise.credit_code(), ChangesOf(enterprise), 0, dry_run);
  };
  if (!options.rows.file.empty() && !IsJsonFile(options.rows.file)) {
    if (!options.code.empty() || !options.given.empty()) {
      return FailUsage(environment, "--file with several enterprises takes no other fields",
                       "file");
    }
    return ActOnRows(environment, options.rows, Columns(),
                     [&](const Client& client, const FileRow& row) -> Result<RowOutcome> {
                       auto enterprise = MessageOfRow<v1::Enterprise>(row, SetColumn);
                       if (!enterprise.ok()) return enterprise.error();
                       auto change = act_on(client, *enterprise);
                       if (!change.ok()) return change.error();
                       return change->outcome;
                     });
  }
  auto enterprise = OneOf(options);
  if (!enterprise.ok()) {
    return FailUsage(environment, enterprise.error().detail, enterprise.error().field);
  }
  if (enterprise->credit_code().empty()) {
    return FailUsage(environment, "give a CODE or --file FILE", "creditCode");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  // Given as an option, an empty text empties a field.
  auto change = !adds && options.rows.file.empty() ? SetOne(*client, options.code, options.given,
                                                            options.expected_revision, dry_run)
                                                   : act_on(*client, *enterprise);
  if (!change.ok()) return Fail(environment, change.error());
  return ReportOne(*change, adds, dry_run, environment);
}

std::string WithName(const std::string& code, std::string_view name) {
  return name.empty() ? code : code + " " + std::string(name);
}

std::string ContactText(const v1::Contact& contact) {
  std::string text;
  for (const std::string& part : {contact.name(), contact.phone(), contact.email()}) {
    if (!part.empty()) text += (text.empty() ? "" : ", ") + part;
  }
  return text;
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

ExitCode Show(const std::string& code, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  auto found = Get(*client, code);
  if (!found.ok()) return Fail(environment, found.error());
  const v1::Enterprise& enterprise = *found;
  if (environment.options.json) {
    environment.out << R"({"enterprise":)" << ToJson(enterprise) << "}\n" << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  const bool chinese = language == Language::kChinese;
  environment.out
      << PairsText({{messages::kCreditCode, enterprise.credit_code()},
                    {messages::kName, enterprise.name()},
                    {messages::kIndustry,
                     WithName(enterprise.industry(), IndustryName(enterprise.industry(), chinese))},
                    {messages::kRegion,
                     WithName(enterprise.region(), ProvinceName(enterprise.region(), chinese))},
                    {messages::kAddress, enterprise.address()},
                    {messages::kContact, ContactText(enterprise.contact())},
                    {messages::kLegalPerson, ContactText(enterprise.legal_person())},
                    {messages::kNature,
                     enterprise.nature() == 0 ? "" : std::to_string(enterprise.nature())},
                    {messages::kPrefixes, Joined(enterprise.prefixes())},
                    {messages::kCreatedAt, FormatTimestamp(enterprise.created_at())},
                    {messages::kUpdatedAt, FormatTimestamp(enterprise.updated_at())},
                    {messages::kRevision, std::to_string(enterprise.revision())}},
                   language)
      << std::flush;
  return kExitDone;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Language language = environment.language;
  const auto name = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({name(messages::kCreditCode), name(messages::kName), name(messages::kIndustry),
               name(messages::kRegion), name(messages::kPrefixes)});
  v1::ListEnterprisesRequest request;
  request.set_name_contains(options.name_contains);
  request.set_industry(options.industry);
  request.set_region(options.region);
  request.set_page_token(options.page_token);
  std::uint64_t left = options.limit;
  do {
    request.set_page_size(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageMax)));
    auto page =
        client->Call(&v1::EnterpriseService::Stub::ListEnterprises, client->enterprise(), request);
    if (!page.ok()) return Fail(environment, page.error());
    for (const v1::Enterprise& enterprise : page->enterprises()) {
      if (environment.options.json) {
        environment.out << ToJson(enterprise) << '\n';
        continue;
      }
      table.Add({enterprise.credit_code(), Printable(enterprise.name()), enterprise.industry(),
                 enterprise.region(), Joined(enterprise.prefixes())});
    }
    left -= std::min<std::uint64_t>(left, static_cast<std::uint64_t>(page->enterprises_size()));
    request.set_page_token(page->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  if (!environment.options.json) environment.out << table.Text();
  environment.out << std::flush;
  environment.err << Say(language, messages::kListedMany,
                         FormatCount(static_cast<std::int64_t>(options.limit - left)))
                  << '\n';
  if (!request.page_token().empty()) {
    environment.err << Say(language, messages::kMoreWith,
                           "idnode enterprise list --page-token " +
                               ShellQuoted(request.page_token()))
                    << '\n';
  }
  return kExitDone;
}

void AddFields(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options) {
  command->add_option("CODE", options->code,
                      line.T({"Unified social credit code (GB 32100)", "统一社会信用代码"}));
  for (const Field& field : kFields) {
    command->add_option_function<std::string>(
        field.option,
        [options, &field](const std::string& text) { options->given.emplace_back(&field, text); },
        line.T(field.help));
  }
  command
      ->add_option("--file", options->rows.file,
                   line.T({"One as .json, or several as .jsonl or .csv (columns as the options: "
                           "credit_code, name, industry, …)",
                           "单个企业用 .json；多个用 .jsonl 或 .csv（列：credit_code、name、"
                           "industry 等）"}))
      ->check(CLI::ExistingFile);
  command
      ->add_option("--rejects", options->rows.rejects,
                   line.T({"Where rows go that were not done; else beside the file",
                           "未完成的行写入的文件；默认在输入文件旁"}))
      ->type_name("FILE");
  command->add_flag("--dry-run", options->rows.dry_run,
                    line.T({"Say what would change, change nothing", "仅显示将作的更改"}));
}

}  // namespace

void AddEnterprise(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "enterprise", {"Enterprises of this node (operator).", "企业（运营者）。"},
      "idnode enterprise add 91440101MA5D70N10A --name 'Footwear Co.' --industry C1952 --region "
      "440100\n"
      "idnode enterprise add --file enterprises.csv\n"
      "idnode enterprise show 91440101MA5D70N10A\n"
      "idnode enterprise list --industry C19");
  command->require_subcommand(1);

  CLI::App* add = line.Add(
      command, "add",
      {"Add an enterprise, or those of a file. Safe to repeat.",
       "登记企业（单个或文件），可重复执行。"},
      "idnode enterprise add 91440101MA5D70N10A --name 'Footwear Co.' --industry C1952 --region "
      "440100\n"
      "idnode enterprise add --file enterprises.csv --dry-run\n"
      "idnode enterprise add --file enterprise.json");
  AddFields(line, add, options);
  CommandLine::OnRun(
      add, line, [options](Environment& environment) { return Act(*options, true, environment); });

  CLI::App* set = line.Add(
      command, "set",
      {"Change what is given of an enterprise; the rest stays. A new industry or region counts "
       "from the next registration on.",
       "修改企业的指定字段，其余不变。行业、地区的变更只影响此后的注册。"},
      "idnode enterprise set 91440101MA5D70N10A --industry C1951\n"
      "idnode enterprise set 91440101MA5D70N10A --contact 'Li Ming' --contact-phone 13800000000\n"
      "idnode enterprise set --file changes.csv --dry-run");
  AddFields(line, set, options);
  set->add_option("--if-revision", options->expected_revision,
                  line.T({"Only if the enterprise has this revision", "仅当修订号相符时修改"}));
  CommandLine::OnRun(
      set, line, [options](Environment& environment) { return Act(*options, false, environment); });

  CLI::App* show = line.Add(command, "show", {"Show an enterprise.", "查看企业。"},
                            "idnode enterprise show 91440101MA5D70N10A");
  show->add_option("CODE", options->code,
                   line.T({"Unified social credit code (GB 32100)", "统一社会信用代码"}))
      ->required();
  CommandLine::OnRun(
      show, line, [options](Environment& environment) { return Show(options->code, environment); });

  CLI::App* list = line.Add(command, "list", {"List enterprises.", "列出企业。"},
                            "idnode enterprise list\n"
                            "idnode enterprise list --industry C19 --region 44 --json");
  list->add_option("--name-contains", options->name_contains,
                   line.T({"Only names with this in them", "名称包含"}));
  list->add_option("--industry", options->industry,
                   line.T({"Only of this industry or below it", "该行业及其下级"}));
  list->add_option("--region", options->region,
                   line.T({"Only of this region or below it", "该地区及其下级"}));
  list->add_option("--limit", options->limit, line.T({"At most so many", "最多列出条数"}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  list->add_option("--page-token", options->page_token,
                   line.T({"Go on where a list ended", "从上次结束处继续"}));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });
}

}  // namespace idnode::cli
