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
  std::string object_class;
  std::vector<std::string> values;
  std::string template_ref;
  std::vector<std::string> attributes;
  std::string request_id;
};

Result<v1::RegisterItem> ItemOf(const Options& options) {
  v1::RegisterItem item;
  item.set_identifier(options.identifier);
  item.set_object_class(options.object_class);
  item.set_template_(options.template_ref);
  for (const std::string& text : options.values) {
    auto value = ParseValueOption(text);
    if (!value.ok()) return value.error();
    *item.add_values() = *std::move(value);
  }
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
  const auto send = [&](const std::vector<v1::RegisterItem>& items) -> Result<void> {
    v1::BatchRegisterRequest request;
    request.set_request_id(RequestIdOf(options.request_id, calls++));
    for (const v1::RegisterItem& item : items) *request.add_items() = item;
    auto response = client->Call(&v1::RegistrationService::Stub::BatchRegister,
                                 client->registration(), request);
    if (!response.ok()) return response.error();
    report.Add(response->results());
    return {};
  };
  if (!options.file.empty()) {
    const auto sent = ForEachGroup<v1::RegisterItem>(environment, options.file, send);
    return sent.ok() ? report.Print(environment) : report.PrintWith(environment, sent.error());
  }
  auto item = ItemOf(options);
  if (!item.ok()) return FailUsage(environment, item.error().detail, item.error().field);
  const auto sent = send({*std::move(item)});
  return sent.ok() ? report.Print(environment) : Fail(environment, sent.error());
}

}  // namespace

void AddRegister(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "register",
      {"Register an identifier, or those of a file.", "注册标识（单个或文件）。"},
      "idnode register 88.108.1001/SN1 --class product --value URL=https://maker.example/SN1\n"
      "idnode register 88.108.1001/SN2 --value 1:URL=https://a.example --value "
      "2:EMAIL=a@a.example\n"
      "idnode register --file items.jsonl --request-id order-4711");
  command->add_option(
      "IDENTIFIER", options->identifier,
      line.T({"Prefix/suffix, such as 88.108.1001/SN1", "标识，如 88.108.1001/SN1"}));
  command->add_option("--file", options->file,
                      line.T({"Items as JSON Lines; - is standard input",
                              "JSON Lines 格式的条目文件；- 表示标准输入"}));
  command->add_option("--class", options->object_class, line.T({"Object class", "对象类别"}));
  AddRepeated(command, "--value", options->values,
              line.T({"[INDEX:]TYPE=DATA; may be repeated", "[序号:]类型=数据；可重复"}));
  command->add_option("--template", options->template_ref,
                      line.T({"Data template, such as shoe@2", "数据模板，如 shoe@2"}));
  AddRepeated(command, "--attribute", options->attributes,
              line.T({"KEY=TEXT; may be repeated", "键=文本；可重复"}));
  command->add_option(
      "--request-id", options->request_id,
      line.T({"Makes a repeat within 24 h give the same answer", "24 小时内重复请求得到相同应答"}));
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Run(*options, environment); });
}

}  // namespace idnode::cli
