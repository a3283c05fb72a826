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
#include "node/cli/template_file.h"

namespace idnode::cli {
namespace {

constexpr std::uint32_t kPageMax = 1'000;

struct Options {
  std::string file;
  std::string form = "json-schema";
  std::string owner;
  std::string name;  ///< NAME, or NAME@VERSION
  bool publish = false;
  bool dry_run = false;
  bool yes = false;
  std::uint64_t limit = 100;
  std::string page_token;
};

struct Reference {
  std::string name;
  std::uint32_t version = 0;
};

/// "shoe@2" or, where `version_needed` does not say otherwise, "shoe". Errors: kInvalidRequest.
Result<Reference> ParseReference(std::string_view text, bool version_needed) {
  const std::size_t at = text.rfind('@');
  if (at == std::string_view::npos && !version_needed) return Reference{std::string(text), 0};
  Reference reference;
  if (at != std::string_view::npos) {
    reference.name = std::string(text.substr(0, at));
    const std::string_view digits = text.substr(at + 1);
    const char* const end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, reference.version);
    if (parsed.ec != std::errc() || parsed.ptr != end) reference.version = 0;
  }
  if (reference.name.empty() || reference.version == 0) {
    return Error(Errc::kInvalidRequest,
                 "name a version of a template, such as shoe@2, not \"" + std::string(text) + "\"",
                 "template");
  }
  return reference;
}

std::string StatusText(v1::TemplateStatus status, Language language) {
  const Text& text = status == v1::PUBLISHED   ? messages::kIsPublished
                     : status == v1::WITHDRAWN ? messages::kIsWithdrawn
                                               : messages::kDraft;
  return std::string(text.In(language));
}

void PrintItems(const DataTemplate& content, Environment& environment) {
  if (environment.options.json) return;
  environment.out << TemplateItemsText(content, environment.language) << std::flush;
}

/// Says that a file is no template: that is what `check` is asked, so exit code 1.
ExitCode FailFile(const Error& error, Environment& environment) {
  return Fail(environment, Error(Errc::kInvalidRequest, error.detail, error.field));
}

ExitCode Check(const Options& options, Environment& environment) {
  const auto file = ReadTemplateFile(environment, options.file, TemplateFormOf(options.form));
  if (!file.ok()) return FailFile(file.error(), environment);
  const auto checked = CheckTemplate(file->content, nullptr);
  if (!checked.ok()) return FailFile(checked.error(), environment);
  PrintItems(*checked, environment);
  if (environment.options.json) {
    environment.out << R"({"valid":true,"items":)" << checked->items.size() << "}\n" << std::flush;
  }
  environment.err << Say(environment.language, messages::kTemplateValid, checked->items.size())
                  << '\n'
                  << std::flush;
  return kExitDone;
}

Result<v1::Template> Get(const Client& client, const std::string& owner, const Reference& reference,
                         v1::TemplateForm form) {
  v1::GetTemplateRequest request;
  request.set_owner(owner);
  request.set_name(reference.name);
  request.set_version(reference.version);
  request.set_form(form);
  auto response = client.Call(&v1::TemplateService::Stub::GetTemplate, client.templates(), request);
  if (!response.ok()) return response.error();
  return std::move(*response->mutable_template_());
}

/// The file as the version that follows the newest published one, where there is one.
Result<DataTemplate> NextVersion(const Client& client, const Options& options,
                                 const DataTemplate& content) {
  const auto newest = Get(client, options.owner, {options.name, 0}, v1::JSON_SCHEMA);
  if (newest.code() == Errc::kTemplateNotFound || newest.code() == Errc::kNotFound) {
    return CheckTemplate(content, nullptr);
  }
  if (!newest.ok()) return newest.error();
  const auto before = TemplateOf(newest->schema(), v1::JSON_SCHEMA);
  if (!before.ok()) return before.error();
  return CheckTemplate(content, &*before);
}

ExitCode Put(const Options& options, Environment& environment) {
  const v1::TemplateForm form = TemplateFormOf(options.form);
  const auto file = ReadTemplateFile(environment, options.file, form);
  if (!file.ok()) return FailFile(file.error(), environment);
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Language language = environment.language;
  if (options.dry_run) {
    const auto next = NextVersion(*client, options, file->content);
    if (!next.ok()) return Fail(environment, next.error());
    PrintItems(*next, environment);
    if (environment.options.json) {
      environment.out << R"({"dryRun":true,"items":)" << file->content.items.size() << "}\n"
                      << std::flush;
    }
    environment.err << Say(language, messages::kWouldPut, options.name, options.owner) << '\n'
                    << messages::kDryRun.In(language) << '\n';
    return kExitDone;
  }
  v1::PutTemplateRequest request;
  request.set_owner(options.owner);
  request.set_name(options.name);
  request.set_form(form);
  *request.mutable_schema() = file->schema;
  auto put = client->Call(&v1::TemplateService::Stub::PutTemplate, client->templates(), request);
  if (!put.ok()) return Fail(environment, put.error());
  v1::Template stored = put->template_();
  environment.err << Say(language, messages::kPutDraft, stored.reference(), options.owner) << '\n';
  if (options.publish) {
    v1::TemplateName name;
    name.set_owner(options.owner);
    name.set_name(options.name);
    name.set_version(stored.version());
    auto published =
        client->Call(&v1::TemplateService::Stub::PublishTemplate, client->templates(), name);
    if (!published.ok()) return Fail(environment, published.error());
    stored = published->template_();
    environment.err << Say(language, messages::kPublished, stored.reference(), options.owner)
                    << '\n';
  }
  if (environment.options.json) {
    environment.out << R"({"template":)" << ToJson(stored) << "}\n" << std::flush;
  }
  return kExitDone;
}

/// Publish, withdraw and delete: one version, named.
template <typename Response>
ExitCode ActOn(const Options& options,
               grpc::Status (v1::TemplateService::Stub::*method)(grpc::ClientContext*,
                                                                 const v1::TemplateName&,
                                                                 Response*),
               const Text& said, Environment& environment) {
  const auto reference = ParseReference(options.name, true);
  if (!reference.ok()) {
    return FailUsage(environment, reference.error().detail, reference.error().field);
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::TemplateName name;
  name.set_owner(options.owner);
  name.set_name(reference->name);
  name.set_version(reference->version);
  auto response = client->Call(method, client->templates(), name);
  if (!response.ok()) return Fail(environment, response.error());
  if (environment.options.json) environment.out << ToJson(*response) << '\n' << std::flush;
  environment.err << Say(environment.language, said, options.name, options.owner) << '\n';
  return kExitDone;
}

ExitCode Delete(const Options& options, Environment& environment) {
  const Language language = environment.language;
  const auto reference = ParseReference(options.name, true);
  if (!reference.ok()) {
    return FailUsage(environment, reference.error().detail, reference.error().field);
  }
  if (options.dry_run) {
    const auto client = Connect(environment);
    if (!client) return kExitUsage;
    const auto there = Get(*client, options.owner, *reference, v1::JSON_SCHEMA);
    if (!there.ok()) return Fail(environment, there.error());
    if (there->in_use()) {
      return Fail(environment, Error(Errc::kTemplateInUse, "records name it", "version"));
    }
    if (environment.options.json) {
      environment.out << R"({"dryRun":true,"wouldDelete":)" << JsonString(options.name) << "}\n"
                      << std::flush;
    }
    environment.err << Say(language, messages::kWouldDeleteTemplate, options.name, options.owner)
                    << '\n'
                    << messages::kDryRun.In(language) << '\n';
    return kExitDone;
  }
  if (!options.yes && !Confirm(environment, Say(language, messages::kConfirmTemplateDelete,
                                                options.name, options.owner))) {
    return FailUsage(environment, std::string(messages::kNothingChanged.In(language)), "yes");
  }
  return ActOn(options, &v1::TemplateService::Stub::DeleteTemplate, messages::kDeletedTemplate,
               environment);
}

ExitCode Show(const Options& options, bool form_asked, Environment& environment) {
  const auto reference = ParseReference(options.name, false);
  if (!reference.ok()) {
    return FailUsage(environment, reference.error().detail, reference.error().field);
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const auto found = Get(*client, options.owner, *reference, TemplateFormOf(options.form));
  if (!found.ok()) return Fail(environment, found.error());
  if (environment.options.json) {
    environment.out << R"({"template":)" << ToJson(*found) << "}\n" << std::flush;
    return kExitDone;
  }
  if (form_asked) {  // the template itself, to be kept in a file
    environment.out << ToJson(found->schema()) << '\n' << std::flush;
    return kExitDone;
  }
  const Language language = environment.language;
  std::string text =
      PairsText({{messages::kTemplate, found->reference()},
                 {messages::kOwner, found->owner()},
                 {messages::kState, StatusText(found->status(), language)},
                 {messages::kTitle, found->title()},
                 {messages::kDescription, found->description()},
                 {messages::kIndustry, found->industry()},
                 {messages::kCreatedAt, FormatTimestamp(found->created_at())},
                 {messages::kPublishedAt, FormatTimestamp(found->published_at())},
                 {messages::kInUse,
                  std::string((found->in_use() ? messages::kYes : messages::kNo).In(language))}},
                language);
  auto content = TemplateOf(found->schema(), v1::JSON_SCHEMA);
  if (content.ok()) text += "\n" + TemplateItemsText(*content, language);
  environment.out << text << std::flush;
  return kExitDone;
}

ExitCode List(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const Language language = environment.language;
  const auto head = [language](const Text& words) { return std::string(words.In(language)); };
  Table table({head(messages::kOwner), head(messages::kTemplate), head(messages::kState),
               head(messages::kTitle), head(messages::kIndustry), head(messages::kInUse),
               head(messages::kPublishedAt)});
  v1::ListTemplatesRequest request;
  request.set_owner(options.owner);
  request.set_page_token(options.page_token);
  std::uint64_t left = options.limit;
  do {
    request.set_page_size(static_cast<std::uint32_t>(std::min<std::uint64_t>(left, kPageMax)));
    auto page =
        client->Call(&v1::TemplateService::Stub::ListTemplates, client->templates(), request);
    if (!page.ok()) return Fail(environment, page.error());
    for (const v1::Template& one : page->templates()) {
      if (environment.options.json) {
        environment.out << ToJson(one) << '\n';
        continue;
      }
      table.Add({one.owner(), Printable(one.reference()), StatusText(one.status(), language),
                 Printable(one.title()), one.industry(),
                 head(one.in_use() ? messages::kYes : messages::kNo),
                 FormatTimestamp(one.published_at())});
    }
    left -= std::min<std::uint64_t>(left, static_cast<std::uint64_t>(page->templates_size()));
    request.set_page_token(page->next_page_token());
  } while (left > 0 && !request.page_token().empty());
  if (!environment.options.json) environment.out << table.Text();
  environment.out << std::flush;
  environment.err << Say(language, messages::kListedMany,
                         FormatCount(static_cast<std::int64_t>(options.limit - left)))
                  << '\n';
  if (!request.page_token().empty()) {
    environment.err << Say(language, messages::kMoreWith,
                           "idnode template list --page-token " + ShellQuoted(request.page_token()))
                    << '\n';
  }
  return kExitDone;
}

// ---- declarations ------------------------------------------------------------------

CLI::Option* AddForm(CommandLine& line, CLI::App* command, Options& options) {
  return command->add_option("--form", options.form, line.T({"How it is written", "模板格式"}))
      ->check(CLI::IsMember({"json-schema", "snms", "idhub"}))
      ->capture_default_str();
}

void AddOwner(CommandLine& line, CLI::App* command, Options& options, bool required) {
  command
      ->add_option("--owner", options.owner,
                   line.T({"Prefix it belongs to: an enterprise's, or a secondary one for all "
                           "under it",
                           "所属前缀：企业前缀，或供其下全部企业使用的二级前缀"}))
      ->required(required);
}

void AddFile(CommandLine& line, CLI::App* command, Options& options) {
  command
      ->add_option(
          "FILE", options.file,
          line.T({"The template as JSON; - is standard input", "JSON 模板文件；- 表示标准输入"}))
      ->required()
      ->type_name("FILE");
  AddForm(line, command, options);
}

void AddDryRun(CommandLine& line, CLI::App* command, Options& options) {
  command->add_flag("--dry-run", options.dry_run,
                    line.T({"Say what would change, change nothing", "仅显示将作的更改"}));
}

CLI::App* AddNamed(CommandLine& line, CLI::App* parent, const std::string& name,
                   const Text& description, const std::string& examples, Options& options) {
  CLI::App* command = line.Add(parent, name, description, examples);
  command
      ->add_option("TEMPLATE", options.name,
                   line.T({"Name and version, such as shoe@2", "名称与版本，如 shoe@2"}))
      ->required();
  AddOwner(line, command, options, true);
  return command;
}

void AddWriting(CommandLine& line, CLI::App* command, const std::shared_ptr<Options>& options) {
  CLI::App* put = line.Add(
      command, "put",
      {"Put a draft: the first version of a template, or the next one.",
       "存入草稿：模板的第一个版本或下一版本。"},
      "idnode template put shoe.json --owner 88.108.1001 --name shoe\n"
      "idnode template put shoe.json --owner 88.108.1001 --name shoe --publish\n"
      "idnode template put old.json --form snms --owner 88.108.1001 --name shoe --dry-run");
  AddFile(line, put, *options);
  AddOwner(line, put, *options, true);
  put->add_option("--name", options->name, line.T({"Its name, without a version", "模板名称"}))
      ->required();
  put->add_flag(
      "--publish", options->publish,
      line.T({"Publish it at once: it cannot be changed then", "同时发布，之后不可更改"}));
  AddDryRun(line, put, *options);
  CommandLine::OnRun(put, line,
                     [options](Environment& environment) { return Put(*options, environment); });

  CLI::App* check = line.Add(command, "check",
                             {"Say whether a file is a valid template; no node is asked.",
                              "校验模板文件是否有效；不访问节点。"},
                             "idnode template check shoe.json\n"
                             "idnode template check metadata.json --form idhub");
  AddFile(line, check, *options);
  CommandLine::OnRun(check, line,
                     [options](Environment& environment) { return Check(*options, environment); });

  CLI::App* publish = AddNamed(line, command, "publish",
                               {"Publish a draft: it cannot be changed then, and records may name "
                                "it.",
                                "发布草稿：之后不可更改，可用于注册。"},
                               "idnode template publish shoe@2 --owner 88.108.1001", *options);
  CommandLine::OnRun(publish, line, [options](Environment& environment) {
    return ActOn(*options, &v1::TemplateService::Stub::PublishTemplate, messages::kPublished,
                 environment);
  });

  CLI::App* withdraw =
      AddNamed(line, command, "withdraw",
               {"Withdraw a version: no new records may name it.", "撤回版本：不再用于新的注册。"},
               "idnode template withdraw shoe@1 --owner 88.108.1001", *options);
  CommandLine::OnRun(withdraw, line, [options](Environment& environment) {
    return ActOn(*options, &v1::TemplateService::Stub::WithdrawTemplate, messages::kWithdrawn,
                 environment);
  });

  CLI::App* remove = AddNamed(
      line, command, "delete",
      {"Delete a draft, or a version that no record ever named.", "删除草稿或从未使用的版本。"},
      "idnode template delete shoe@3 --owner 88.108.1001 --dry-run\n"
      "idnode template delete shoe@3 --owner 88.108.1001 --yes",
      *options);
  remove->add_flag("--yes", options->yes, line.T({"Do not ask", "不再询问"}));
  AddDryRun(line, remove, *options);
  CommandLine::OnRun(remove, line,
                     [options](Environment& environment) { return Delete(*options, environment); });
}

}  // namespace

void AddTemplate(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      line.Add(nullptr, "template",
               {"Data templates: what the attributes of a kind of identifier are.",
                "数据模板：一类标识的属性定义。"},
               "idnode template check shoe.json\n"
               "idnode template put shoe.json --owner 88.108.1001 --name shoe --publish\n"
               "idnode template show shoe --owner 88.108.1001\n"
               "idnode template list");
  command->require_subcommand(1);
  AddWriting(line, command, options);

  CLI::App* show = AddNamed(line, command, "show",
                            {"Show a version; the newest published one where none is named.",
                             "查看版本；不指定则为最新发布的版本。"},
                            "idnode template show shoe --owner 88.108.1001\n"
                            "idnode template show shoe@1 --owner 88.108.1001 --form snms > "
                            "shoe.snms.json",
                            *options);
  CLI::Option* form = AddForm(line, show, *options);
  CommandLine::OnRun(show, line, [options, form](Environment& environment) {
    return Show(*options, form->count() > 0, environment);
  });

  CLI::App* list = line.Add(command, "list", {"List templates.", "列出模板。"},
                            "idnode template list --owner 88.108.1001\n"
                            "idnode template list --json");
  AddOwner(line, list, *options, false);
  list->add_option("--limit", options->limit, line.T({"At most so many", "最多列出条数"}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
      ->capture_default_str();
  list->add_option("--page-token", options->page_token,
                   line.T({"Go on where a list ended", "从上次结束处继续"}));
  CommandLine::OnRun(list, line,
                     [options](Environment& environment) { return List(*options, environment); });
}

}  // namespace idnode::cli
