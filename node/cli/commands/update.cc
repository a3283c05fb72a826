#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/items.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string identifier;
  std::string file;
  std::vector<std::string> values;
  std::vector<std::uint32_t> remove_indexes;
  bool replace_values = false;
  std::string object_class;
  std::string template_ref;
  std::vector<std::string> attributes;
  std::uint32_t expected_revision = 0;
  std::string request_id;
};

Result<v1::UpdateItem> ItemOf(const Options& options) {
  v1::UpdateItem item;
  item.set_identifier(options.identifier);
  item.set_replace_values(options.replace_values);
  item.set_expected_revision(options.expected_revision);
  for (const std::string& text : options.values) {
    auto value = ParseValueOption(text);
    if (!value.ok()) return value.error();
    *item.add_values() = *std::move(value);
  }
  for (const std::uint32_t index : options.remove_indexes) item.add_remove_indexes(index);
  if (!options.object_class.empty()) item.set_object_class(options.object_class);
  if (!options.template_ref.empty()) item.set_template_(options.template_ref);
  for (const std::string& text : options.attributes) {
    IDNODE_RETURN_IF_ERROR(AddAttributeOption(text, *item.mutable_attributes()));
  }
  return item;
}

ExitCode Run(const Options& options, Environment& environment) {
  if (options.identifier.empty() == options.file.empty()) {
    return FailUsage(environment, "give either an IDENTIFIER or --file FILE");
  }
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  OutcomeReport report;
  std::size_t calls = 0;
  const auto send = [&](const std::vector<v1::UpdateItem>& items) -> Result<void> {
    v1::UpdateRequest request;
    request.set_request_id(RequestIdOf(options.request_id, calls++));
    for (const v1::UpdateItem& item : items) *request.add_items() = item;
    auto response =
        client->Call(&v1::RegistrationService::Stub::Update, client->registration(), request);
    if (!response.ok()) return response.error();
    report.Add(response->results());
    return {};
  };
  if (!options.file.empty()) {
    const auto sent = ForEachGroup<v1::UpdateItem>(environment, options.file, send);
    return sent.ok() ? report.Print(environment) : report.PrintWith(environment, sent.error());
  }
  auto item = ItemOf(options);
  if (!item.ok()) return FailUsage(environment, item.error().detail, item.error().field);
  const auto sent = send({*std::move(item)});
  return sent.ok() ? report.Print(environment) : Fail(environment, sent.error());
}

}  // namespace

void AddUpdate(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      line.Add(nullptr, "update", {"Change what an identifier resolves to.", "更新标识内容。"},
               "idnode update 88.108.1001/SN1 --value 1:URL=https://maker.example/new\n"
               "idnode update 88.108.1001/SN1 --remove-index 2 --if-revision 3\n"
               "idnode update --file changes.jsonl");
  command->add_option("IDENTIFIER", options->identifier, line.T({"Prefix/suffix", "标识"}));
  command->add_option("--file", options->file,
                      line.T({"Changes as JSON Lines; - is standard input",
                              "JSON Lines 格式的变更文件；- 表示标准输入"}));
  AddRepeated(command, "--value", options->values,
              line.T({"[INDEX:]TYPE=DATA, added or written over that index; may be repeated",
                      "[序号:]类型=数据，新增或覆盖该序号；可重复"}));
  AddRepeated(command, "--remove-index", options->remove_indexes,
              line.T({"Index of a value to remove; may be repeated", "要删除的值序号；可重复"}));
  command->add_flag("--replace-values", options->replace_values,
                    line.T({"The values given become all there are", "以给出的值替换全部值"}));
  command->add_option("--class", options->object_class, line.T({"Object class", "对象类别"}));
  command->add_option("--template", options->template_ref, line.T({"Data template", "数据模板"}));
  AddRepeated(command, "--attribute", options->attributes,
              line.T({"KEY=TEXT; those given become all there are; may be repeated",
                      "键=文本；替换全部属性；可重复"}));
  command->add_option("--if-revision", options->expected_revision,
                      line.T({"Only if the record has this revision", "仅当修订号相符时更新"}));
  command->add_option(
      "--request-id", options->request_id,
      line.T({"Makes a repeat within 24 h give the same answer", "24 小时内重复请求得到相同应答"}));
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
