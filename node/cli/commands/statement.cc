#include <memory>
#include <string>

#include "idnode/v1/ledger.grpc.pb.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

struct Options {
  std::string month;
  std::string format = "table";
};

std::string StatementText(const v1::Statement& statement, Language language) {
  const auto name = [language](const Text& text) { return std::string(text.In(language)); };
  const bool is_final = statement.status() == v1::FINAL;
  std::string text = Say(language, messages::kStatementTitle, statement.month(),
                         statement.time_zone(), Printable(statement.origin()));
  text += "\n" + name(is_final ? messages::kFinal : messages::kProvisional) + "\n";
  Table figures({name(messages::kFigure), name(messages::kCounted)});
  const std::pair<Text, std::int64_t> rows[] = {
      {messages::kFirstEver, statement.first_ever()},
      {messages::kRegistrations, statement.registrations()},
      {messages::kReRegistrations, statement.re_registrations()},
      {messages::kDeletions, statement.deletions()},
      {messages::kNet, statement.net()},
      {messages::kReported, statement.reported()},
      {messages::kTarget, statement.target()},
  };
  for (const auto& [label, count] : rows) figures.Add({name(label), FormatCount(count)});
  text += figures.Text();
  text += (statement.target_met() ? name(messages::kTargetMet)
                                  : Say(language, messages::kTargetLeft,
                                        FormatCount(statement.target() - statement.first_ever()))) +
          "\n";
  text += Say(language, messages::kTreeGrew,
              FormatCount(static_cast<std::int64_t>(statement.tree_start().size())),
              FormatCount(static_cast<std::int64_t>(statement.tree_end().size()))) +
          "\n";
  for (const v1::StatementBreakdown& breakdown : statement.breakdowns()) {
    Table groups({Printable(breakdown.name()), name(messages::kFirstEver),
                  name(messages::kRegistrations), name(messages::kReRegistrations),
                  name(messages::kDeletions), name(messages::kNet), name(messages::kReported)});
    for (const v1::VolumeGroup& group : breakdown.groups()) {
      groups.Add({group.key().empty() ? std::string("-") : Printable(group.key()),
                  FormatCount(group.first_ever()), FormatCount(group.registrations()),
                  FormatCount(group.re_registrations()), FormatCount(group.deletions()),
                  FormatCount(group.net()), FormatCount(group.reported())});
    }
    text += "\n" + groups.Text();
  }
  if (statement.evidence().empty()) return text;
  Table evidence({name(messages::kEvidence), name(messages::kValue)});
  for (const v1::Evidence& measure : statement.evidence()) {
    evidence.Add({Printable(measure.name()), Printable(measure.value())});
  }
  return text + "\n" + evidence.Text();
}

ExitCode Show(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::GetStatementRequest request;
  request.set_month(options.month);
  const auto statement =
      client->Call(&v1::LedgerService::Stub::GetStatement, client->ledger(), request);
  if (!statement.ok()) return Fail(environment, statement.error());
  if (environment.options.json || options.format == "json") {
    environment.out << ToJson(*statement, true) << '\n';
  } else if (options.format == "note") {
    environment.out << statement->note();  // byte for byte: it is signed
  } else {
    environment.out << StatementText(*statement, environment.language);
  }
  environment.out << std::flush;
  return kExitDone;
}

}  // namespace

void AddStatement(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      line.Add(nullptr, "statement",
               {"Show a month's signed registration statement. Verifies nothing: "
                "that is idnode ledger verify.",
                "查看月度注册量声明（不验证签名；验证请用 idnode ledger verify）。"},
               "idnode statement\n"
               "idnode statement --month 2026-11\n"
               "idnode statement --month 2026-11 --format note > 2026-11.note");
  command->add_option("--month", options->month,
                      line.T({"YYYY-MM; else the running month", "YYYY-MM；默认当月"}));
  command
      ->add_option("--format", options->format,
                   line.T({"note: the signed note as it is", "note：原样输出签名原文"}))
      ->check(CLI::IsMember({"note", "json", "table"}))
      ->capture_default_str();
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Show(*options, environment); });
}

}  // namespace idnode::cli
